"""What every engine is asked for: a catalog taken apart by stream."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from features.catalog import catalog, core77
from features.definitions import (
    Aggregation,
    Atom,
    CadenceTarget,
    Calendar,
    Combined,
    Feature,
    Peer,
    SeasonMeasure,
    atoms_of,
    combined_of,
)
from kqml.calendar.business_time import DAY_US, local_midnight, moment_of
from kqml.calendar.festivals import festival

Seasons = Mapping[int, Sequence[float]]
"""Cutoff → the numbers of its date, in the order of `FeatureRequest.calendars`."""


def plain_catalog() -> tuple[Feature, ...]:
    """The catalog without what reads rules of the playbook (answers, the emotional account, what counts, the card, a
    tier's targets): the peers have no formulation of those here, so that they are left out for all."""
    return tuple(feature for feature in catalog() if not _reads_rules(feature))


def _reads_rules(feature: Feature) -> bool:
    ruled = any(atom.stream.rule is not None for atom in atoms_of(feature.measure))
    return ruled or isinstance(feature.measure, CadenceTarget)


SETS: Mapping[str, Callable[[], tuple[Feature, ...]]] = {"core": core77, "full": plain_catalog, "whole": catalog}
COMPARED = ("core", "full")
"""The sets that every engine builds; `whole` is ours alone."""

ZERO_WHEN_EMPTY = frozenset(
    {Aggregation.COUNT, Aggregation.DAYS, Aggregation.WEEKS, Aggregation.SUM, Aggregation.DISTINCT}
    | {Aggregation.SINGLE}
)
"""Aggregations that are 0 where the stream has no event."""


@dataclass(frozen=True)
class FeatureRequest:
    """Atoms by the kinds that they read; combinations of atoms, then those that combine combinations; the features in
    the order of columns."""

    streams: tuple[tuple[tuple[str, ...], tuple[Atom, ...]], ...]
    combined: tuple[tuple[Combined, ...], ...]
    features: tuple[Feature, ...]

    @property
    def columns(self) -> list[str]:
        return [feature.column for feature in self.features]

    @property
    def values(self) -> list[str]:
        """The columns of events that are read beside account, times, kind."""
        return sorted({atom.value for _, atoms in self.streams for atom in atoms if atom.value})

    @property
    def peers(self) -> list[Peer]:
        return [feature.measure for feature in self.features if isinstance(feature.measure, Peer)]

    @property
    def calendars(self) -> list[Calendar]:
        return [feature.measure for feature in self.features if isinstance(feature.measure, Calendar)]


def feature_request(features: Sequence[Feature]) -> FeatureRequest:
    """The parts of a catalog."""
    atoms = dict.fromkeys(atom for feature in features for atom in atoms_of(feature.measure))
    combined = dict.fromkeys(part for feature in features for part in combined_of(feature.measure))
    kinds = dict.fromkeys(atom.stream.kinds for atom in atoms)
    streams = tuple(
        (
            tuple(sorted(kind.code for kind in kinds_of_stream)),
            tuple(atom for atom in atoms if atom.stream.kinds == kinds_of_stream),
        )
        for kinds_of_stream in kinds
    )
    plain = tuple(part for part in combined if isinstance(part.left, Atom))
    nested = tuple(part for part in combined if not isinstance(part.left, Atom))
    return FeatureRequest(streams, (plain, nested), tuple(features))


def seasons_of(request: FeatureRequest, cutoffs: Sequence[int]) -> Seasons:
    """The numbers of each cutoff's date in UTC: the days since the first of March as an angle of the mean year."""
    return {cutoff: [_season(calendar.of, cutoff) for calendar in request.calendars] for cutoff in cutoffs}


def _season(season: SeasonMeasure, cutoff: int) -> float:
    today = moment_of(cutoff).date()
    if season in (SeasonMeasure.FESTIVAL_AHEAD, SeasonMeasure.FESTIVAL_BEHIND):
        starts = [_midnight(festival("spring_festival", year)) for year in range(today.year - 1, today.year + 2)]
        ahead, behind = min(s for s in starts if s > cutoff), max(s for s in starts if s <= cutoff)
        return (ahead - cutoff if season is SeasonMeasure.FESTIVAL_AHEAD else cutoff - behind) / DAY_US
    march = date(today.year - (today.month < 3), 3, 1)
    angle = 2 * math.pi * (today - march).days / 365.2425
    return math.sin(angle) if season is SeasonMeasure.YEAR_SIN else math.cos(angle)


def _midnight(day: date) -> int:
    return local_midnight(day, "UTC")
