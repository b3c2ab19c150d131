"""How a catalog becomes integer tables."""

from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from features.definitions import (
    Aggregation,
    Atom,
    Calendar,
    Combined,
    Feature,
    Measure,
    Operation,
    Peer,
    Season,
    atoms_of,
    combined_of,
)
from kqml.calendar import DAY_US
from kqml.eventlog import CODES, VALUES
from kqml.events import EventKind

AGGREGATIONS = tuple(Aggregation)
OPERATIONS = tuple(Operation)
SEASONS = tuple(Season)
LIFETIME = -1
"""The bound at which a window without days begins: the last line of the kernel's table of bounds, all 0."""

_SPREADS = frozenset({Aggregation.STD, Aggregation.CV})
_DAY_COUNTS = frozenset({Aggregation.DAYS, Aggregation.WEEKS})

Item = TypeVar("Item", bound=Hashable)
Kinds = frozenset[EventKind]


class PlanArrays(NamedTuple):
    """The plan as the kernel reads it: S streams, A atoms, C combinations, N numbers of the date, F outputs.

    A *slot* holds one number per cutoff: atoms first, then combinations, then numbers of the date. `*_start` arrays
    delimit the stretch of a table that belongs to a stream (or, for `fill_start`, to an output).
    kinds: S, the stream's kinds as bits of `EventKind.number`.
    bounds: distances before the cutoff (µs) at which windows of the stream begin or end; the first is 0.
    values: (place in VALUES, 1 where a spread is asked) of the stream.
    codes: S, the columns of CODES whose distinct codes are counted, as bits.
    days: S, 1 where local days or weeks are counted.
    atoms: (aggregation, the stream's value or the code column, bound where the window begins or LIFETIME, bound where
    it ends, distance of its beginning from the cutoff (µs), gaps looked at).
    combined: (operation, left slot, right slot). scale: C, the factor of a combination (a ratio of days, else 1).
    outputs: F, the slot of each column; a peer column holds its own number until its like is subtracted.
    fills: F, what replaces "nothing to measure", NaN where nothing does; fill_atoms: (stream, distance of the
    window's beginning from the cutoff) of every atom under a filled output.
    """

    kinds: NDArray[np.int64]
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


class Room(NamedTuple):
    """What working memory a plan needs: the most bounds and values of a stream, code columns, slots, gaps looked at."""

    bounds: int
    values: int
    codes: int
    slots: int
    gaps: int


def room_of(arrays: PlanArrays) -> Room:
    """The room that a plan needs."""
    return Room(
        bounds=int(np.diff(arrays.bound_start).max(initial=0)),
        values=int(np.diff(arrays.value_start).max(initial=0)),
        codes=len(CODES) if arrays.codes.any() else 0,
        slots=len(arrays.atoms) + len(arrays.combined) + len(arrays.seasons),
        gaps=int(arrays.atoms[:, 5].max(initial=0)),
    )


def lower(features: Sequence[Feature]) -> PlanArrays:
    """The tables of a catalog without faults."""
    parts = _Parts.of(features)
    fills = [() if feature.fill is None else parts.reaches(feature.measure) for feature in features]
    return PlanArrays(
        kinds=_frozen([sum(1 << kind.number for kind in kinds) for kinds in parts.kinds]),
        bound_start=_starts(parts.bounds),
        bounds=_frozen(_flat(parts.bounds)),
        value_start=_starts(parts.values),
        values=_frozen(_flat(parts.values), width=2),
        codes=_frozen([_code_bits(stream) for stream in parts.streams]),
        days=_frozen([int(any(a.aggregation in _DAY_COUNTS for a in stream)) for stream in parts.streams]),
        atom_start=_starts(parts.streams),
        atoms=_frozen([parts.atom_row(atom) for atom in parts.atoms], width=6),
        combined=_frozen([parts.combined_row(part) for part in parts.combined], width=3),
        scale=_frozen([_scale(part) for part in parts.combined], np.float64),
        seasons=_frozen([SEASONS.index(season) for season in parts.seasons]),
        outputs=_frozen([parts.slot(feature.measure) for feature in features]),
        fills=_frozen([np.nan if feature.fill is None else feature.fill for feature in features], np.float64),
        fill_start=_starts(fills),
        fill_atoms=_frozen(_flat(fills), width=2),
    )


@dataclass(frozen=True)
class _Parts:
    """The distinct parts of a catalog in the order in which the kernel meets them; atoms lie together by stream."""

    kinds: tuple[Kinds, ...]
    atoms: tuple[Atom, ...]
    combined: tuple[Combined, ...]
    seasons: tuple[Season, ...]

    @classmethod
    def of(cls, features: Sequence[Feature]) -> "_Parts":
        measures = [feature.measure for feature in features]
        atoms = _distinct(atom for measure in measures for atom in atoms_of(measure))
        kinds = _distinct(atom.stream.kinds for atom in atoms)
        ordered = sorted(atoms, key=lambda atom: (kinds.index(atom.stream.kinds), AGGREGATIONS.index(atom.aggregation)))
        combined = _distinct(part for measure in measures for part in combined_of(measure))
        seasons = _distinct(measure.of for measure in measures if isinstance(measure, Calendar))
        return cls(kinds, tuple(ordered), combined, seasons)

    @cached_property
    def streams(self) -> tuple[tuple[Atom, ...], ...]:
        return tuple(tuple(atom for atom in self.atoms if atom.stream.kinds == kinds) for kinds in self.kinds)

    @cached_property
    def bounds(self) -> tuple[tuple[int, ...], ...]:
        return tuple(_bounds(stream) for stream in self.streams)

    @cached_property
    def values(self) -> tuple[tuple[tuple[int, int], ...], ...]:
        return tuple(_values(stream) for stream in self.streams)

    @cached_property
    def places(self) -> dict[Atom | Combined, int]:
        parts: tuple[Atom | Combined, ...] = (*self.atoms, *self.combined)
        return {part: slot for slot, part in enumerate(parts)}

    def slot(self, measure: Measure) -> int:
        match measure:
            case Calendar(season):
                return len(self.places) + self.seasons.index(season)
            case Peer(own):
                return self.places[own]
            case _:
                return self.places[measure]

    def atom_row(self, atom: Atom) -> tuple[int, ...]:
        stream = self.kinds.index(atom.stream.kinds)
        begin = self.bounds[stream].index(_begin(atom)) if atom.days else LIFETIME
        end = self.bounds[stream].index(atom.lag * DAY_US)
        column = self._column(stream, atom)
        return (AGGREGATIONS.index(atom.aggregation), column, begin, end, _begin(atom), atom.last or 0)

    def _column(self, stream: int, atom: Atom) -> int:
        if atom.aggregation is Aggregation.DISTINCT:
            return CODES.index(str(atom.value))
        if atom.aggregation.reads_value:
            return [place for place, _ in self.values[stream]].index(VALUES.index(str(atom.value)))
        return 0

    def combined_row(self, part: Combined) -> tuple[int, int, int]:
        return (OPERATIONS.index(part.operation), self.places[part.left], self.places[part.right])

    def reaches(self, measure: Measure) -> tuple[tuple[int, int], ...]:
        return tuple((self.kinds.index(atom.stream.kinds), _begin(atom)) for atom in atoms_of(measure))


def _begin(atom: Atom) -> int:
    return (atom.lag + (atom.days or 0)) * DAY_US


def _bounds(stream: Sequence[Atom]) -> tuple[int, ...]:
    return tuple(sorted({0} | {_begin(atom) for atom in stream} | {atom.lag * DAY_US for atom in stream}))


def _values(stream: Sequence[Atom]) -> tuple[tuple[int, int], ...]:
    names = _distinct(atom.value for atom in stream if atom.aggregation.reads_value)
    spread = {atom.value for atom in stream if atom.aggregation in _SPREADS}
    return tuple((VALUES.index(str(name)), int(name in spread)) for name in names)


def _code_bits(stream: Sequence[Atom]) -> int:
    columns = {CODES.index(str(atom.value)) for atom in stream if atom.aggregation is Aggregation.DISTINCT}
    return sum(1 << column for column in columns)


def _scale(part: Combined) -> float:
    if part.operation is not Operation.RATE_RATIO or not isinstance(part.left, Atom):
        return 1.0
    return (part.right.days or 1) / (part.left.days or 1)


def _distinct(items: Iterable[Item]) -> tuple[Item, ...]:
    return tuple(dict.fromkeys(items))


def _flat(groups: Iterable[Iterable[Any]]) -> list[Any]:
    return [item for group in groups for item in group]


def _starts(groups: Sequence[Sequence[object]]) -> NDArray[np.int64]:
    return _frozen(np.cumsum([0, *(len(group) for group in groups)]))


def _frozen(items: Any, dtype: Any = np.int64, width: int | None = None) -> NDArray[Any]:
    """A read-only array of `dtype`; with `width` a table of so many columns, also when empty."""
    array = np.array(items, dtype=dtype)
    array = array if width is None else array.reshape(-1, width)
    array.flags.writeable = False
    return array
