"""Every feature again, slowly: plain lists, exact fractions, one row at a time, straight from the definitions."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from features.definitions import Aggregation, Atom, Calendar, Combined, Feature, Operation, Season, atoms_of
from kqml.calendar import DAY_US
from kqml.events import EventKind

MISSING = math.nan


@dataclass(frozen=True)
class Happened:
    """One event."""

    occurred: int
    known: int
    kind: EventKind
    values: Mapping[str, float] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class World:
    """The context, as plain as can be; `since` lacks kinds that were never recorded."""

    since: Mapping[EventKind, int]
    opened: int | None = None
    quiet: Sequence[tuple[int, int]] = ()
    time_zone: str = "UTC"


@dataclass(frozen=True)
class Known:
    """A number with the size of what it was computed from, against which rounding is judged."""

    number: float | Fraction
    size: float


def value_of(feature: Feature, events: Sequence[Happened], cutoff: int, world: World) -> Known:
    """The feature of one account at one cutoff; peers are not for one account."""
    visible = [event for event in events if event.occurred < cutoff and event.known < cutoff]
    if isinstance(feature.measure, Calendar):
        return _season(feature.measure.of, cutoff, world)
    found = _measure(feature.measure, visible, cutoff, world)
    told = all(_told(atom, visible, cutoff, world) for atom in atoms_of(feature.measure))
    if _is_missing(found.number) and feature.fill is not None and told:
        return Known(feature.fill, 0)
    return found


def _measure(measure: Atom | Combined, visible: Sequence[Happened], cutoff: int, world: World) -> Known:
    if isinstance(measure, Atom):
        number = _atom(measure, visible, cutoff, world)
        return Known(number, abs(float(number)))
    left = _measure(measure.left, visible, cutoff, world)
    right = _measure(measure.right, visible, cutoff, world)
    if _is_missing(left.number) or _is_missing(right.number):
        return Known(MISSING, 0)
    if measure.operation is Operation.DIFFERENCE:
        number = _exact(left.number) - _exact(right.number)
        return Known(number, max(left.size, right.size, abs(float(number))))
    if right.number == 0:
        return Known(MISSING, 0)
    number = _exact(left.number) / _exact(right.number)
    if measure.operation is Operation.RATE_RATIO:
        number = (_exact(left.number) / measure.left.days) / (_exact(right.number) / measure.right.days)
    return Known(number, max(abs(float(number)), abs(left.size / float(right.number))))


def _exact(number: float | Fraction) -> Fraction:
    return Fraction(number)


def _is_missing(number: float | Fraction) -> bool:
    return isinstance(number, float) and math.isnan(number)


def _told(atom: Atom, visible: Sequence[Happened], cutoff: int, world: World) -> bool:
    """Whether everything in the atom's window was recorded, the account open."""
    since = [world.since[kind] for kind in atom.stream.kinds if kind in world.since]
    opened = world.opened if world.opened is not None else min((event.occurred for event in visible), default=None)
    if not since or opened is None:
        return False
    return cutoff - (atom.lag + (atom.days or 0)) * DAY_US >= max(min(since), opened)


def _atom(atom: Atom, visible: Sequence[Happened], cutoff: int, world: World) -> float | Fraction:
    stream = sorted((event for event in visible if event.kind in atom.stream.kinds), key=lambda event: event.occurred)
    if atom.aggregation.is_timeless:
        return _timeless(atom, [event.occurred for event in stream], cutoff, world)
    if not _told(atom, visible, cutoff, world):
        return MISSING
    end = cutoff - atom.lag * DAY_US
    start = -math.inf if atom.days is None else end - atom.days * DAY_US
    return _windowed(atom, [event for event in stream if start <= event.occurred < end], world)


def _windowed(atom: Atom, inside: Sequence[Happened], world: World) -> float | Fraction:
    days = [_local(event.occurred, world).date() for event in inside]
    match atom.aggregation:
        case Aggregation.COUNT:
            return Fraction(len(inside))
        case Aggregation.DAYS:
            return Fraction(len(set(days)))
        case Aggregation.WEEKS:
            return Fraction(len({day.isocalendar()[:2] for day in days}))
        case Aggregation.DISTINCT:
            codes = {event.codes.get(str(atom.value), -1) for event in inside} - {-1}
            return MISSING if inside and not codes else Fraction(len(codes))
    values = [Fraction(event.values[atom.value]) for event in inside if atom.value in event.values]
    if not inside and atom.aggregation is Aggregation.SUM:
        return Fraction(0)
    return _OF_VALUES[atom.aggregation](values) if values else MISSING


def _mean(items: Sequence[Fraction]) -> Fraction:
    return sum(items, Fraction(0)) / len(items)


def _std(items: Sequence[Fraction]) -> float | Fraction:
    if len(items) < 2:
        return MISSING
    middle = _mean(items)
    return Fraction(math.sqrt(sum((item - middle) ** 2 for item in items) / (len(items) - 1)))


def _cv(items: Sequence[Fraction]) -> float | Fraction:
    spread, middle = _std(items), abs(_mean(items))
    return MISSING if _is_missing(spread) or middle == 0 else _exact(spread) / middle


_OF_VALUES: dict[Aggregation, Callable[[Sequence[Fraction]], float | Fraction]] = {
    Aggregation.SUM: lambda items: sum(items, Fraction(0)),
    Aggregation.MEAN: _mean,
    Aggregation.STD: _std,
    Aggregation.CV: _cv,
    Aggregation.MAXIMUM: max,
}


def _timeless(atom: Atom, times: Sequence[int], cutoff: int, world: World) -> float | Fraction:
    if atom.aggregation is Aggregation.SINCE_LAST:
        return _active_days(times[-1], cutoff, world) if times else MISSING
    if atom.aggregation is Aggregation.SINCE_FIRST:
        return _active_days(times[0], cutoff, world) if times else MISSING
    gaps = [_active_days(earlier, later, world) for earlier, later in pairwise(times)]
    gaps = gaps[-1:] if atom.aggregation is Aggregation.GAP_LAST else gaps[-(atom.last or 0) :]
    return _OF_GAPS[atom.aggregation](gaps) if gaps else MISSING


def _quantile(items: Sequence[Fraction], share: Fraction) -> Fraction:
    ranked, position = sorted(items), share * (len(items) - 1)
    below = math.floor(position)
    above = min(below + 1, len(items) - 1)
    return ranked[below] + (ranked[above] - ranked[below]) * (position - below)


_OF_GAPS: dict[Aggregation, Callable[[Sequence[Fraction]], float | Fraction]] = {
    Aggregation.GAP_MEAN: _mean,
    Aggregation.GAP_LAST: _mean,
    Aggregation.GAP_STD: _std,
    Aggregation.GAP_MEDIAN: lambda items: _quantile(items, Fraction(1, 2)),
    Aggregation.GAP_P90: lambda items: _quantile(items, Fraction(9, 10)),
}


def _active_days(earlier: int, later: int, world: World) -> Fraction:
    """Days between two instants, quiet time left out."""
    quiet = sum(max(0, min(end, later) - max(start, earlier)) for start, end in world.quiet)
    return Fraction(later - earlier - quiet, DAY_US)


def _local(instant: int, world: World) -> datetime:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=instant)).astimezone(ZoneInfo(world.time_zone))


def _season(season: Season, cutoff: int, world: World) -> Known:
    """Days since the first of March, as an angle of the mean Gregorian year."""
    today = _local(cutoff, world).date()
    march = today.replace(month=3, day=1)
    if march > today:
        march = march.replace(year=march.year - 1)
    angle = 2 * math.pi * (today - march).days / 365.2425
    return Known(math.sin(angle) if season is Season.YEAR_SIN else math.cos(angle), 1)
