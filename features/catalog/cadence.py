"""Features of cadence: contacts as a share of the playbook targets, by tier and channel."""

from collections.abc import Iterable

from features.catalog.streams import CONTACT, rate_ratio, since_last
from features.definitions import (
    Aggregation,
    Atom,
    CadenceTarget,
    Code,
    Combined,
    Direction,
    Feature,
    FeatureGroup,
    Stream,
)
from features.rules import COUNTED, CountingRule
from kqml.playbook.codes import CHANNELS
from kqml.playbook.playbook import Playbook

_FALLING, _RISING = Direction.FALLING, Direction.RISING

MONTH_DAYS = 365.2425 / 12
"""Days of the mean calendar month, of which a window has its share of the month's target."""

WINDOWS = (28, 90)
SMALL = "C"
"""The tier whose neglect is a cause of its own (domain §8)."""


def cadence(playbook: Playbook) -> Iterable[Feature]:
    """Return contacts as a share of the cadence target: per channel, over all channels, of small accounts."""
    counted = counted_of(playbook)
    for channel in CHANNELS:
        yield from _channel(Stream(channel, frozenset(playbook.counting.kinds[channel]), counted), playbook, (channel,))
    kinds = frozenset(kind for channel in CHANNELS for kind in playbook.counting.kinds[channel])
    yield from _all(Stream("contact", kinds, counted), playbook)


def counted_of(playbook: Playbook) -> CountingRule:
    """Return how the playbook counts a contact."""
    counting = playbook.counting
    minutes = {kind: counting.min_minutes[channel] for channel in CHANNELS for kind in counting.kinds[channel]}
    ordered = sorted(minutes.items(), key=lambda pair: pair[0].number)
    return CountingRule(tuple(ordered), counting.min_authenticity, counting.part_share)


def _channel(stream: Stream, playbook: Playbook, channels: tuple[str, ...]) -> Iterable[Feature]:
    """Return one channel's features: contacts of this month and the last 28 days; 28 and 90 days and the last whole
    month relative to the target."""
    recent, this_month = _counted(stream, days=28), _counted(stream, months=0)
    for plain in (recent, this_month):
        yield _cadence(plain, Code.NEGLECT, "cadence")
    for days in WINDOWS:
        measure = CadenceTarget(_counted(stream, days=days), _targets(playbook, channels, days / MONTH_DAYS))
        yield _cadence(measure, Code.NEGLECT, "cadence")
    last_month = CadenceTarget(_counted(stream, months=1), _targets(playbook, channels, 1.0))
    yield _cadence(last_month, Code.NEGLECT, "cadence")


def _all(stream: Stream, playbook: Playbook) -> Iterable[Feature]:
    """Return the features over all channels: below and above target, declining, of small accounts."""
    for days in WINDOWS:
        own, targets = _counted(stream, days=days), _targets(playbook, CHANNELS, days / MONTH_DAYS)
        yield _cadence(CadenceTarget(own, targets), Code.NEGLECT, "cadence")
        too_much = CadenceTarget(own, targets, excess=True)
        yield Feature(too_much, FeatureGroup.CADENCE, Code.PRESSURE, _RISING, "too_hot")
    tails_off = rate_ratio(_counted(stream, days=28), _counted(stream, days=180))
    yield _cadence(tails_off, Code.NEGLECT, "stream_tails_off")
    yield from _small(playbook)


def _small(playbook: Playbook) -> Iterable[Feature]:
    """Return the features of small accounts only: contacts relative to the target, days without contact."""
    group, code = FeatureGroup.CADENCE, Code.SMALL_NEGLECT
    for days in WINDOWS:
        request = dict(_targets(playbook, CHANNELS, days / MONTH_DAYS))[SMALL]
        few = CadenceTarget(Atom(CONTACT, Aggregation.COUNT, days=days), ((SMALL, request),))
        yield Feature(few, group, code, _FALLING, "small_accounts")
    yield Feature(CadenceTarget(since_last(CONTACT), ((SMALL, 1.0),)), group, code, _RISING, "small_accounts")


def _counted(stream: Stream, days: int | None = None, months: int | None = None) -> Atom:
    return Atom(stream, Aggregation.SUM, COUNTED, days=days, months=months)


def _targets(playbook: Playbook, channels: Iterable[str], months: float) -> tuple[tuple[str, float], ...]:
    """Return the target contacts in so many months, by tier."""
    wanted = tuple(channels)
    request = {tier: sum(row[channel] for channel in wanted) for tier, row in playbook.cadence.items()}
    return tuple((tier, monthly * months) for tier, monthly in sorted(request.items()))


def _cadence(measure: Atom | Combined | CadenceTarget, code: Code, why: str) -> Feature:
    return Feature(measure, FeatureGroup.CADENCE, code, _FALLING, why)
