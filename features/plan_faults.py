"""Validation of features: what makes one impossible to compute."""

from collections.abc import Sequence

from features.definitions import Aggregation, Atom, Combined, Feature, Operation, atoms_of, combined_of
from features.rule_lowering import BITS
from features.rules import COUNTED, Card, CountingRule, Ledger
from kqml.errors import Fault
from kqml.history.closings import Closing
from kqml.history.event_log import CODES, VALUES


def faults_of(features: Sequence[Feature]) -> list[Fault]:
    """Return every fault of a catalog, by column."""
    columns = [feature.column for feature in features]
    repeated = sorted({column for column in columns if columns.count(column) > 1})
    return [
        *(Fault(column, "the column is defined twice", "remove one definition") for column in repeated),
        *(fault for feature in features for fault in _faults_of_feature(feature)),
        *_faults_of_rules(features),
    ]


def _faults_of_rules(features: Sequence[Feature]) -> list[Fault]:
    """Return a plan has room for one ledger, one card, one way to count; a card for so many fields."""
    rules = {atom.stream.rule for feature in features for atom in atoms_of(feature.measure)}
    faults = []
    for kind in (Ledger, Card, CountingRule):
        result = sum(isinstance(rule, kind) for rule in rules)
        if result > 1:
            faults.append(Fault(kind.__name__.lower(), f"the catalog uses {result}", "use one"))
    long = [rule for rule in rules if isinstance(rule, Card) and len(rule.fields) > BITS]
    return faults + [Fault("card", f"the card has {len(rule.fields)} fields", f"give at most {BITS}") for rule in long]


def _faults_of_feature(feature: Feature) -> list[Fault]:
    rules = [
        rule
        for atom in atoms_of(feature.measure)
        for rule in (*_what_is_read(atom), *_by_what_rule(atom), *_when_it_is_read(atom))
    ]
    faults = [Fault(feature.column, what, todo) for wrong, what, todo in rules if wrong]
    if feature.fill is not None and any(atom.months is not None for atom in atoms_of(feature.measure)):
        faults.append(Fault(feature.column, "a monthly window has a fill value", "remove the fill value"))
    if any(_is_rate_without_windows(part) for part in combined_of(feature.measure)):
        faults.append(Fault(feature.column, "a ratio of rates needs two windows", "give `days` for both atoms"))
    return faults


def _what_is_read(atom: Atom) -> list[tuple[bool, str, str]]:
    aggregation, value = atom.aggregation, atom.value
    counted = (COUNTED,) if isinstance(atom.stream.rule, CountingRule) else ()
    known = (*VALUES, *counted) if aggregation.reads_value else CODES if aggregation.reads_code else (None,)
    words = ", ".join(map(str, known))
    return [
        (not atom.stream.kinds, f"stream {atom.stream.name} has no kinds", "name at least one kind"),
        (value not in known, f"{aggregation} of {value}", f"give one of: {words}"),
    ]


def _by_what_rule(atom: Atom) -> list[tuple[bool, str, str]]:
    aggregation, rule = atom.aggregation, atom.stream.rule
    wanted: dict[type, bool] = {
        Closing: aggregation.reads_closing,
        Ledger: aggregation.reads_ledger,
        Card: aggregation is Aggregation.KNOWN,
    }
    return [
        (
            needed != isinstance(rule, kind),
            f"{aggregation} of a stream {'without' if needed else 'with'} a {kind.__name__}",
            "use what its rule can be read by",
        )
        for kind, needed in wanted.items()
    ]


def _when_it_is_read(atom: Atom) -> list[tuple[bool, str, str]]:
    aggregation, days, lag, last = atom.aggregation, atom.days, atom.lag, atom.last
    windowed = days is not None or lag != 0
    return [
        (_is_month_of_days(atom), f"{aggregation} over months={atom.months}", "give 0 or 1 alone, to count and sum"),
        (aggregation.fades and days is not None, f"{aggregation} reads no window", "leave days out"),
        (aggregation.reads_closing and lag != 0, f"{aggregation} is of the cutoff", "leave the lag out"),
        (aggregation.is_timeless and windowed, f"{aggregation} reads no window", "leave days and lag out"),
        (days is not None and days < 1, f"a window of {days} days", "give 1 or more"),
        (lag < 0, f"a lag of {lag} days would read the future", "give 0 or more"),
        (days is None and lag > 0 and not aggregation.fades, f"a lag of {lag} days without a window", "give days"),
        (aggregation.reads_gaps != (last is not None), f"{aggregation} with last={last}", "say last for gaps alone"),
        (last is not None and last < 1, f"the last {last} gaps", "give 1 or more"),
    ]


_OF_MONTHS = frozenset({Aggregation.COUNT, Aggregation.SUM, Aggregation.DAYS, Aggregation.MEAN})


def _is_month_of_days(atom: Atom) -> bool:
    """Return whether a month is asked for as it cannot be."""
    alone = atom.days is None and atom.lag == 0 and atom.aggregation in _OF_MONTHS and atom.months in (0, 1)
    return atom.months is not None and not alone


def _is_rate_without_windows(part: Combined) -> bool:
    rate = part.operation is Operation.RATE_RATIO
    return rate and not (isinstance(part.left, Atom) and part.left.days and part.right.days)
