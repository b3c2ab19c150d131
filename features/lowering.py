"""Lowering: the catalog's features as the integer tables that the kernel walks through."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.definitions import (
    Aggregation,
    Atom,
    CadenceTarget,
    Calendar,
    Combined,
    Feature,
    Measure,
    Operation,
    Peer,
    SeasonMeasure,
    atoms_of,
    combined_of,
)
from features.rule_lowering import bits_of, frozen, lower_rules
from features.rules import COUNTED, Card, Ledger, Rule
from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.history.closings import Closing
from kqml.history.event_log import CODES, VALUES

AGGREGATIONS = tuple(Aggregation)
OPERATIONS = tuple(Operation)
SEASONS = tuple(SeasonMeasure)
LIFETIME = -1
"""The bound at which a window without days begins: the last line of the kernel's table of bounds, all 0."""

THIS_MONTH, LAST_MONTH = -1, -2
"""Bounds that are no distance: where the cutoff's local month begins, where the one before it does."""

COUNTED_VALUE = len(VALUES)
"""The index, behind those of VALUES, of the value that a CountingRule gives."""

PLAIN, CLOSING, LEDGER, CARD = range(4)
"""Codes of a stream's rule; a CountingRule only adds a value, so that its stream stays PLAIN."""

_SPREADS = frozenset({Aggregation.STD, Aggregation.CV})
_DAY_COUNTS = frozenset({Aggregation.DAYS, Aggregation.WEEKS})

Item = TypeVar("Item", bound=Hashable)
Kinds = frozenset[EventKind]


class PlanArrays(NamedTuple):
    """The compiled plan: S streams, A atoms, C combinations, N numbers of the date, F output columns.

    A *slot* holds one number per cutoff: atoms first, then combinations, then numbers of the date. `*_start` arrays
    delimit the stretch of a table that belongs to a stream (or, for `fill_start`, to an output).
    kinds: S, the stream's kinds as bits of `EventKind.number`. rules: S, PLAIN, CLOSING, LEDGER or CARD.
    bounds: distances before the cutoff (µs) at which windows of the stream begin or end, THIS_MONTH, LAST_MONTH; the
    first is 0.
    values: (index in VALUES or COUNTED_VALUE, 1 where some feature takes its spread) of the stream.
    codes: S, the columns of CODES whose distinct codes are counted, as bits.
    days: S, 1 where local days or weeks are counted.
    atoms: (aggregation, the stream's value or the code column (of closings: index in VALUES), bound where the window
    begins or LIFETIME, bound where it ends, distance of its beginning from the cutoff (µs) or THIS_MONTH or LAST_MONTH,
    gaps looked at).
    combined: (operation, left slot, right slot). scale: C, the factor of a combination (a ratio of days, else 1).
    outputs: F, the slot of each column; a peer column holds its own number until its like is subtracted.
    fills: F, what replaces "nothing to measure", NaN where nothing does; fill_atoms: (stream, distance of the
    window's beginning from the cutoff) of every atom under a filled output.
    closings: one of a CLOSING stream, those of a LEDGER stream's omissions, by the columns of features.rule_lowering:
    the kinds that open and close as bits, flags, µs after which it is due, -1 never; with `omitted`: (weight, half-life
    in µs).
    fades: (half-life in µs, sign) of what the ledger's entries pay in or draw out. card: weights of its fields.
    counting: the least minutes of each kind, then the least authenticity, the share of a part contact.
    """

    kinds: NDArray[np.int64]
    rules: NDArray[np.int64]
    bound_start: NDArray[np.int64]
    bounds: NDArray[np.int64]
    value_start: NDArray[np.int64]
    values: NDArray[np.int64]
    codes: NDArray[np.int64]
    days: NDArray[np.int64]
    atom_start: NDArray[np.int64]
    atoms: NDArray[np.int64]
    combined: NDArray[np.int64]
    scale: NDArray[np.float64]
    seasons: NDArray[np.int64]
    outputs: NDArray[np.int64]
    fills: NDArray[np.float64]
    fill_start: NDArray[np.int64]
    fill_atoms: NDArray[np.int64]
    closing_start: NDArray[np.int64]
    closings: NDArray[np.int64]
    omitted: NDArray[np.float64]
    fades: NDArray[np.float64]
    card: NDArray[np.float64]
    counting: NDArray[np.float64]


class ScratchSize(NamedTuple):
    """The working memory that a plan needs: the largest number of bounds and of values of one stream, code columns,
    slots, gaps looked at, fades of the ledger, 1 where there are closings."""

    bounds: int
    values: int
    codes: int
    slots: int
    gaps: int
    fades: int
    closings: int


def room_of(arrays: PlanArrays) -> ScratchSize:
    """Return the size of the working memory for a plan."""
    return ScratchSize(
        bounds=int(np.diff(arrays.bound_start).max(initial=0)),
        values=int(np.diff(arrays.value_start).max(initial=0)),
        codes=len(CODES) if arrays.codes.any() else 0,
        slots=len(arrays.atoms) + len(arrays.combined) + len(arrays.seasons),
        gaps=int(arrays.atoms[:, 5].max(initial=0)),
        fades=len(arrays.fades),
        closings=int(len(arrays.closings) > 0),
    )


def lower(features: Sequence[Feature]) -> PlanArrays:
    """Return the tables of a catalog that `features.plan_faults` found valid."""
    parts = _Parts.of(features)
    fills = [() if feature.fill is None else parts.reaches(feature.measure) for feature in features]
    return PlanArrays(
        kinds=frozen([bits_of(kinds) for kinds, _ in parts.read]),
        rules=frozen([_rule_code(rule) for _, rule in parts.read]),
        bound_start=_starts(parts.bounds),
        bounds=frozen(_flat(parts.bounds)),
        value_start=_starts(parts.values),
        values=frozen(_flat(parts.values), width=2),
        codes=frozen([_code_bits(stream) for stream in parts.streams]),
        days=frozen([int(any(a.aggregation in _DAY_COUNTS for a in stream)) for stream in parts.streams]),
        atom_start=_starts(parts.streams),
        atoms=frozen([parts.atom_row(atom) for atom in parts.atoms], width=6),
        combined=frozen([parts.combined_row(part) for part in parts.combined], width=3),
        scale=frozen([_scale(part) for part in parts.combined], np.float64),
        seasons=frozen([SEASONS.index(season) for season in parts.seasons]),
        outputs=frozen([parts.slot(feature.measure) for feature in features]),
        fills=frozen([np.nan if feature.fill is None else feature.fill for feature in features], np.float64),
        fill_start=_starts(fills),
        fill_atoms=frozen(_flat(fills), width=2),
        **lower_rules(parts.read),
    )


@dataclass(frozen=True)
class _Parts:
    """The distinct parts of a catalog in the order in which the kernel meets them; atoms lie together by stream."""

    read: tuple[tuple[Kinds, Rule | None], ...]
    atoms: tuple[Atom, ...]
    combined: tuple[Combined, ...]
    seasons: tuple[SeasonMeasure, ...]

    @classmethod
    def of(cls, features: Sequence[Feature]) -> "_Parts":
        measures = [feature.measure for feature in features]
        atoms = _distinct(atom for measure in measures for atom in atoms_of(measure))
        read = _distinct(map(_read, atoms))
        number = {stream: number for number, stream in enumerate(read)}
        # Atoms of a stream lie together, because the kernel loads a stream once and then fills all of its atoms.
        ordered = sorted(atoms, key=lambda atom: (number[_read(atom)], AGGREGATIONS.index(atom.aggregation)))
        combined = _distinct(part for measure in measures for part in combined_of(measure))
        seasons = _distinct(measure.of for measure in measures if isinstance(measure, Calendar))
        return cls(read, tuple(ordered), combined, seasons)

    @cached_property
    def streams(self) -> tuple[tuple[Atom, ...], ...]:
        result: dict[tuple[Kinds, Rule | None], list[Atom]] = {stream: [] for stream in self.read}
        for atom in self.atoms:
            result[_read(atom)].append(atom)
        return tuple(map(tuple, result.values()))

    @cached_property
    def stream_indices(self) -> dict[tuple[Kinds, Rule | None], int]:
        return {stream: number for number, stream in enumerate(self.read)}

    @cached_property
    def bounds(self) -> tuple[tuple[int, ...], ...]:
        return tuple(_bounds(stream) for stream in self.streams)

    @cached_property
    def values(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(_values(stream) for stream in self.streams)

    @cached_property
    def slots(self) -> dict[Atom | Combined, int]:
        parts: tuple[Atom | Combined, ...] = (*self.atoms, *self.combined)
        return {part: slot for slot, part in enumerate(parts)}

    def slot(self, measure: Measure) -> int:
        match measure:
            case Calendar(season):
                return len(self.slots) + self.seasons.index(season)
            case Peer(own) | CadenceTarget(own):
                return self.slots[own]
            case _:
                return self.slots[measure]

    def atom_row(self, atom: Atom) -> tuple[int, ...]:
        stream = self.stream_indices[_read(atom)]
        windowed = atom.days is not None or atom.months is not None
        begin = self.bounds[stream].index(_begin(atom)) if windowed else LIFETIME
        end = self.bounds[stream].index(_end(atom))
        column = self._column(stream, atom)
        return (AGGREGATIONS.index(atom.aggregation), column, begin, end, _begin(atom), atom.last or 0)

    def _column(self, stream: int, atom: Atom) -> int:
        if atom.aggregation.reads_code:
            return CODES.index(str(atom.value))
        if atom.aggregation.reads_closing:
            # Closings read the column of the log directly: an opening event is looked up by its index, not within a
            # stream.
            return _value_index(atom.value) if atom.aggregation.reads_value else 0
        if atom.aggregation.reads_value:
            return [index for index, _ in self.values[stream]].index(_value_index(atom.value))
        return 0

    def combined_row(self, part: Combined) -> tuple[int, int, int]:
        return (OPERATIONS.index(part.operation), self.slots[part.left], self.slots[part.right])

    def reaches(self, measure: Measure) -> tuple[tuple[int, int], ...]:
        return tuple((self.stream_indices[_read(atom)], _begin(atom)) for atom in atoms_of(measure))


def _read(atom: Atom) -> tuple[Kinds, Rule | None]:
    """Return the identity of a stream: its kinds and rule, whatever its name."""
    return atom.stream.kinds, atom.stream.rule


def _rule_code(rule: Rule | None) -> int:
    return {Closing: CLOSING, Ledger: LEDGER, Card: CARD}.get(type(rule), PLAIN)


def _begin(atom: Atom) -> int:
    if atom.months is not None:
        return (THIS_MONTH, LAST_MONTH)[atom.months]
    return (atom.lag + (atom.days or 0)) * DAY_US


def _end(atom: Atom) -> int:
    return THIS_MONTH if atom.months else atom.lag * DAY_US


def _bounds(stream: Sequence[Atom]) -> tuple[int, ...]:
    wanted = {0} | {_begin(atom) for atom in stream} | {_end(atom) for atom in stream}
    # 0 comes first: `edge[0]` is then always the number of events before the cutoff. Months (negative) come last.
    return tuple(sorted(wanted, key=lambda bound: (bound < 0, bound)))


def _values(stream: Sequence[Atom]) -> tuple[tuple[int, int], ...]:
    summed = [atom for atom in stream if atom.aggregation.reads_value and not atom.aggregation.reads_closing]
    # Running squares are kept only for values that some feature takes the spread of: they double the work of loading.
    spread = {atom.value for atom in summed if atom.aggregation in _SPREADS}
    return tuple((_value_index(name), int(name in spread)) for name in _distinct(atom.value for atom in summed))


def _value_index(name: str | None) -> int:
    return COUNTED_VALUE if name == COUNTED else VALUES.index(str(name))


def _code_bits(stream: Sequence[Atom]) -> int:
    columns = {CODES.index(str(atom.value)) for atom in stream if atom.aggregation.reads_code}
    return sum(1 << column for column in columns)


def _scale(part: Combined) -> float:
    if part.operation is not Operation.RATE_RATIO or not isinstance(part.left, Atom):
        return 1.0
    # A ratio of sums over windows of different length becomes a ratio of rates per day.
    return (part.right.days or 1) / (part.left.days or 1)


def _distinct(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))


def _flat(groups: Iterable[Iterable[Any]]) -> list[Any]:
    return [item for group in groups for item in group]


def _starts(groups: Sequence[Sequence[object]]) -> NDArray[np.int64]:
    return frozen(np.cumsum([0, *(len(group) for group in groups)]))
