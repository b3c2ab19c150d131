"""What makes a feature impossible to compute."""

from collections.abc import Sequence

from features.definitions import Aggregation, Atom, Combined, Feature, Operation, atoms_of, combined_of
from kqml.errors import Fault
from kqml.eventlog import CODES, VALUES


def faults_of(features: Sequence[Feature]) -> list[Fault]:
    """Everything wrong with a catalog, by column."""
    columns = [feature.column for feature in features]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    return [
        *(Fault(column, "is defined twice", "leave one of them out") for column in repeated),
        *(fault for feature in features for fault in _faults_of_feature(feature)),
    ]


def _faults_of_feature(feature: Feature) -> list[Fault]:
    rules = [rule for atom in atoms_of(feature.measure) for rule in (*_what_is_read(atom), *_when_it_is_read(atom))]
    faults = [Fault(feature.column, what, todo) for wrong, what, todo in rules if wrong]
    if any(_is_rate_without_windows(part) for part in combined_of(feature.measure)):
        faults.append(Fault(feature.column, "a ratio of rates without two windows", "give both atoms days"))
    return faults


def _what_is_read(atom: Atom) -> list[tuple[bool, str, str]]:
    aggregation, value = atom.aggregation, atom.value
    distinct = aggregation is Aggregation.DISTINCT
    known = VALUES if aggregation.reads_value else CODES if distinct else (None,)
    words = ", ".join(map(str, known))
    return [
        (not atom.stream.kinds, f"stream {atom.stream.name} has no kinds", "name at least one kind"),
        (value not in known, f"{aggregation} of {value}", f"give one of: {words}"),
    ]


def _when_it_is_read(atom: Atom) -> list[tuple[bool, str, str]]:
    aggregation, days, lag, last = atom.aggregation, atom.days, atom.lag, atom.last
    windowed = days is not None or lag != 0
    return [
        (aggregation.is_timeless and windowed, f"{aggregation} reads no window", "leave days and lag out"),
        (days is not None and days < 1, f"a window of {days} days", "give 1 or more"),
        (lag < 0, f"a lag of {lag} days would read the future", "give 0 or more"),
        (days is None and lag > 0, f"a lag of {lag} days without a window", "give days"),
        (aggregation.reads_gaps != (last is not None), f"{aggregation} with last={last}", "say last for gaps alone"),
        (last is not None and last < 1, f"the last {last} gaps", "give 1 or more"),
    ]


def _is_rate_without_windows(part: Combined) -> bool:
    rate = part.operation is Operation.RATE_RATIO
    return rate and not (isinstance(part.left, Atom) and part.left.days and part.right.days)
