"""Every feature again, slowly: plain lists, exact fractions, one row at a time, straight from the definitions."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from zoneinfo import ZoneInfo

from features.definitions import (
    Aggregation,
    Atom,
    CadenceTarget,
    Calendar,
    Combined,
    Feature,
    Operation,
    SeasonMeasure,
    atoms_of,
)
from features.rules import COUNTED, Card, CountingRule, Ledger
from kqml.calendar.business_time import DAY_US
from kqml.calendar.festivals import festival
from kqml.events import EventKind
from kqml.grades.emotional_account import closing_of
from kqml.history.closings import Closing

MISSING = math.nan


@dataclass(frozen=True)
class Happened:
    """One event."""

    occurred: int
    known: int
    kind: EventKind
    values: Mapping[str, float] = field(default_factory=dict)
    codes: Mapping[str, int] = field(default_factory=dict)
    name: str | None = None
    ref: str | None = None
    due: int | None = None
    topic: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True)
class World:
    """The context, as plain as can be; `since` lacks kinds that were never recorded."""

    since: Mapping[EventKind, int]
    opened: int | None = None
    quiet: Sequence[tuple[int, int]] = ()
    time_zone: str = "UTC"
    tier: str | None = None


@dataclass(frozen=True)
class Known:
    """A number with the size of what it was computed from, against which rounding is judged."""

    number: float | Fraction
    size: float


def value_of(feature: Feature, events: Sequence[Happened], cutoff: int, world: World) -> Known:
    """The feature of one account at one cutoff; peers are not for one account."""
    visible = visible_before(events, cutoff)
    if isinstance(feature.measure, Calendar):
        return _season(feature.measure.of, cutoff, world)
    if isinstance(feature.measure, CadenceTarget):
        return _beside_target(feature.measure, _measure(feature.measure.own, visible, cutoff, world), world)
    found = _measure(feature.measure, visible, cutoff, world)
    told = all(_describe(atom, visible, cutoff, world) for atom in atoms_of(feature.measure))
    if _is_missing(found.number) and feature.fill is not None and told:
        return Known(feature.fill, 0)
    return found


def visible_before(events: Sequence[Happened], cutoff: int) -> list[Happened]:
    """What a cutoff counts: what had happened and was known, less what was retracted by one known as well."""
    known = [event for event in events if event.occurred < cutoff and event.known < cutoff]
    retracted = {event.ref for event in known if event.kind is EventKind.EVENT_RETRACTED and event.ref}
    return [event for event in known if event.kind is not EventKind.EVENT_RETRACTED and event.name not in retracted]


def _measure(measure: Atom | Combined, visible: Sequence[Happened], cutoff: int, world: World) -> Known:
    if isinstance(measure, Atom):
        number = _atom(measure, visible, cutoff, world)
        return Known(number, _size(measure, number, visible))
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


def _beside_target(measure: CadenceTarget, own: Known, world: World) -> Known:
    target = dict(measure.targets).get(str(world.tier))
    if _is_missing(own.number) or not target:
        return Known(MISSING, 0)
    share = _exact(own.number) / Fraction(target)
    return Known(max(share - 1, Fraction(0)) if measure.excess else share, float(share) + 1)


def _size(atom: Atom, number: float | Fraction, visible: Sequence[Happened]) -> float:
    """What an atom was computed from: deposits and withdrawals may cancel."""
    if atom.aggregation.fades and isinstance(atom.stream.rule, Ledger):
        rows = (*atom.stream.rule.entries, *atom.stream.rule.omissions)
        return max(abs(row.weight) for row in rows) * len(visible)
    return abs(float(number))


def _exact(number: float | Fraction) -> Fraction:
    return Fraction(number)


def _is_missing(number: float | Fraction) -> bool:
    return isinstance(number, float) and math.isnan(number)


def _describe(atom: Atom, visible: Sequence[Happened], cutoff: int, world: World) -> bool:
    """Whether everything in the atom's window was recorded, the account open."""
    since = [world.since[kind] for kind in atom.stream.kinds if kind in world.since]
    opened = world.opened if world.opened is not None else min((event.occurred for event in visible), default=None)
    if not since or opened is None:
        return False
    if isinstance(atom.stream.rule, Closing) and not _is_answered(atom.stream.rule, cutoff, world):
        return False
    begin = (
        cutoff - (atom.lag + (atom.days or 0)) * DAY_US if atom.months is None else _month(cutoff, world, atom.months)
    )
    return begin >= max(min(since), opened)


def _is_answered(closing: Closing, cutoff: int, world: World) -> bool:
    """Whether what closes is recorded at all."""
    return min((world.since[kind] for kind in closing.kinds if kind in world.since), default=cutoff) < cutoff


def _month(cutoff: int, world: World, back: int) -> int:
    """The local midnight with which the cutoff's month began, or the one before it."""
    first = _local(cutoff, world).date().replace(day=1)
    if back:
        first = (first - timedelta(days=1)).replace(day=1)
    midnight = datetime(first.year, first.month, 1, tzinfo=ZoneInfo(world.time_zone))
    return (midnight - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def _atom(atom: Atom, visible: Sequence[Happened], cutoff: int, world: World) -> float | Fraction:
    stream = sorted((event for event in visible if event.kind in atom.stream.kinds), key=lambda event: event.occurred)
    if isinstance(atom.stream.rule, Closing | Ledger | Card):
        return _by_rule(atom, stream, visible, cutoff, world) if _describe(atom, visible, cutoff, world) else MISSING
    if atom.aggregation.is_timeless:
        return _timeless(atom, [event.occurred for event in stream], cutoff, world)
    if not _describe(atom, visible, cutoff, world):
        return MISSING
    end = cutoff - atom.lag * DAY_US
    start = -math.inf if atom.days is None else end - atom.days * DAY_US
    if atom.months is not None:
        start, end = _month(cutoff, world, atom.months), cutoff if atom.months == 0 else _month(cutoff, world, 0)
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
        case Aggregation.SINGLE:
            codes = {event.codes.get(str(atom.value), -1) for event in inside} - {-1}
            return MISSING if inside and not codes else Fraction(len(codes) == 1)
    if isinstance(atom.stream.rule, CountingRule) and atom.value == COUNTED:
        values = [_counted(event, atom.stream.rule) for event in inside]
    else:
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
    Aggregation.MINIMUM: min,
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


def _counted(event: Happened, rule: CountingRule) -> Fraction:
    short = event.values.get("minutes", math.inf) < dict(rule.min_minutes).get(event.kind, 0)
    unreal = event.values.get("authenticity", math.inf) < rule.min_authenticity
    return Fraction(rule.part_share if short or unreal else 1.0)


def _by_rule(
    atom: Atom, stream: Sequence[Happened], visible: Sequence[Happened], cutoff: int, world: World
) -> float | Fraction:
    match atom.stream.rule:
        case Closing() as closing:
            start = -math.inf if atom.days is None else cutoff - atom.days * DAY_US
            opened = [Opened.of(one, closing, visible) for one in stream if one.occurred >= start]
            return _of_openings(atom, opened, cutoff)
        case Ledger() as ledger:
            return _of_ledger(atom, ledger, visible, cutoff, world)
        case Card() as card:
            names = {name for event in stream for name in event.fields}
            filled = [weight for known_as, weight in card.fields if names & set(known_as)]
            return Fraction(sum(filled)) / Fraction(sum(weight for _, weight in card.fields))
    raise AssertionError(atom)


@dataclass(frozen=True)
class Opened:
    """An event with what closed it, as far as that is visible; None for never, not yet."""

    event: Happened
    due: int | None
    closed: int | None

    @classmethod
    def of(cls, event: Happened, closing: Closing, visible: Sequence[Happened]) -> "Opened":
        due = None if closing.due_days is None else event.occurred + round(closing.due_days * DAY_US)
        due = event.due if closing.due_at and event.due is not None else due
        closers = [other for other in visible if _closes(other, event, closing)]
        if closing.in_time and due is not None:
            closers = [other for other in closers if other.occurred < due]
        first = min(closers, key=lambda other: max(other.occurred, other.known), default=None)
        return cls(event, due, None if first is None else max(first.occurred, event.occurred))


def _closes(other: Happened, event: Happened, closing: Closing) -> bool:
    if other.kind not in closing.kinds:
        return False
    if closing.by_ref:
        return event.name is not None and other.ref == event.name
    reps = {event.codes.get("rep_id", -1), other.codes.get("rep_id", -1)}
    return other.occurred > event.occurred and (not closing.same_rep or len(reps - {-1}) <= 1)


def _of_openings(atom: Atom, opened: Sequence[Opened], cutoff: int) -> float | Fraction:
    still = [one for one in opened if one.closed is None]
    late = [one for one in still if one.due is not None and one.due < cutoff]
    match atom.aggregation:
        case Aggregation.OPEN:
            return Fraction(len(still))
        case Aggregation.OPEN_AGE:
            return max((Fraction(cutoff - one.event.occurred, DAY_US) for one in still), default=Fraction(0))
        case Aggregation.OVERDUE:
            return Fraction(len(late))
        case Aggregation.OVERDUE_SUM:
            return sum((Fraction(one.event.values.get(str(atom.value), 0)) for one in late), Fraction(0))
        case Aggregation.OVERDUE_AGE:
            return max((Fraction(cutoff - one.due, DAY_US) for one in late if one.due is not None), default=Fraction(0))
        case Aggregation.CLOSED_SHARE:
            return Fraction(len(opened) - len(still), len(opened)) if opened else MISSING
        case Aggregation.CLOSING_DAYS:
            days = [Fraction(one.closed - one.event.occurred, DAY_US) for one in opened if one.closed is not None]
            return _mean(days) if days else MISSING
    beyond = [
        Fraction(max(0, (cutoff if one.closed is None else one.closed) - one.due), DAY_US)
        for one in opened
        if one.due is not None and one.due < cutoff
    ]
    return _mean(beyond) if beyond else MISSING


def _of_ledger(atom: Atom, ledger: Ledger, visible: Sequence[Happened], cutoff: int, world: World) -> float | Fraction:
    """What each visible event books, with what was not answered in time, at the instant asked about."""
    booked = [(event.occurred, entry) for event in visible if (entry := ledger.entry_of(event.kind, event.topic))]
    for omission in ledger.omissions:
        closing = closing_of(omission)
        opened = [Opened.of(event, closing, visible) for event in visible if event.kind is omission.kind]
        if _is_answered(closing, cutoff, world):
            omitted = [max(one.due, one.event.occurred) for one in opened if one.closed is None and one.due is not None]
            booked += [(due, omission) for due in omitted]
    instant = cutoff - atom.lag * DAY_US
    if atom.aggregation is Aggregation.WORST:
        start = -math.inf if atom.days is None else instant - atom.days * DAY_US
        return min((Fraction(entry.weight) for at, entry in booked if start <= at < instant), default=MISSING)
    sign = {Aggregation.DEPOSITS: 1, Aggregation.WITHDRAWALS: -1}.get(atom.aggregation, 0)
    left = [
        Fraction(entry.weight * 2.0 ** (-(instant - at) / (entry.half_life_days * DAY_US)))
        for at, entry in booked
        if at < instant and entry.weight * sign >= 0
    ]
    return sum(left, Fraction(0))


def _season(season: SeasonMeasure, cutoff: int, world: World) -> Known:
    """Days since the first of March, as an angle of the mean Gregorian year; days to or from a Spring Festival."""
    today = _local(cutoff, world).date()
    if season in (SeasonMeasure.FESTIVAL_AHEAD, SeasonMeasure.FESTIVAL_BEHIND):
        zone = ZoneInfo(world.time_zone)
        days = [festival("spring_festival", year) for year in range(today.year - 1, today.year + 2)]
        starts = [datetime(day.year, day.month, day.day, tzinfo=zone) for day in days]
        apart = [Fraction((start - _local(cutoff, world)) // timedelta(microseconds=1), DAY_US) for start in starts]
        ahead = min(one for one in apart if one > 0)
        behind = min(-one for one in apart if one <= 0)
        return Known(ahead if season is SeasonMeasure.FESTIVAL_AHEAD else behind, 400)
    march = today.replace(month=3, day=1)
    if march > today:
        march = march.replace(year=march.year - 1)
    angle = 2 * math.pi * (today - march).days / 365.2425
    return Known(math.sin(angle) if season is SeasonMeasure.YEAR_SIN else math.cos(angle), 1)
