"""What festivals owe: contacts, gifts."""

from collections.abc import Iterator
from datetime import date, timedelta

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_midnight
from kqml.calendar.festivals import festival_day
from kqml.dataset.tables import TIERS
from kqml.duties.gifts import gift_room
from kqml.duties.period import date_of, day_number
from kqml.duties.request import DutyRequest, tier_mask
from kqml.duties.table import DutyPart, duty_states
from kqml.events import EventKind
from kqml.playbook.codes import CHANNELS
from kqml.playbook.contact import FestivalRule

Indices = NDArray[np.int64]
Flags = NDArray[np.bool_]


def festival_parts(request: DutyRequest) -> Iterator[DutyPart]:
    """Every festival whose days of asking touch the period."""
    for rule, day, window in festival_windows(request):
        yield from _festival(request, rule, day, window)


def festival_windows(request: DutyRequest) -> Iterator[tuple[FestivalRule, date, tuple[int, int]]]:
    """Yield each festival whose days of asking touch the period, with its day and the instants of those days."""
    years = range(date_of(request.day_of(request.start)).year - 1, date_of(request.day_of(request.end)).year + 2)
    for rule in request.playbook.festivals:
        for day in (festival_day(rule.festival, year) for year in years):
            window = _window(request, day, rule.days_before, rule.days_after)
            if window[0] < request.end and window[1] > request.start:
                yield rule, day, window


def _festival(request: DutyRequest, rule: FestivalRule, day: date, window: tuple[int, int]) -> Iterator[DutyPart]:
    number = day_number(day)
    tier, is_open = request.tier(number), request.is_open(number)
    for channel in CHANNELS:
        asking = is_open & tier_mask(tier, [name for name in TIERS if channel in rule.asks[name]])
        counted = request.contacts.counted(channel, window)
        yield _occasion(request, (rule, day), channel, asking, counted)
    given = request.known.total(request.known.of_kinds([EventKind.GIFT], *window))
    asking, spent = is_open & tier_mask(tier, rule.gift), (gift_room(request, day.year) <= 0) & (given <= 0)
    yield _occasion(request, (rule, day), "gift", asking, given, spent)


def asks_for_gift(request: DutyRequest) -> Flags:
    """Return whether a festival whose days touch the period asks for a gift to each account."""
    wanted = np.zeros(request.accounts, dtype=bool)
    for rule, day, _ in festival_windows(request):
        number = day_number(day)
        wanted |= request.is_open(number) & tier_mask(request.tier(number), rule.gift)
    return wanted


def _occasion(
    request: DutyRequest,
    occasion: tuple[FestivalRule, date],
    channel: str,
    asking: Flags,
    counted: NDArray[np.float64],
    spent: Flags | None = None,
) -> DutyPart:
    """`spent`: accounts whose limit for gifts is reached; a gift that was given before that stays done."""
    rule, day = occasion[0], day_number(occasion[1])
    window, who = _window(request, occasion[1], rule.days_before, rule.days_after), np.flatnonzero(asking)
    forbidden = request.forbidden(day, channel)[who]
    owner = request.owner(day)[who]
    away = _away(request, owner, window) & ~forbidden
    limited = np.zeros(len(who), dtype=bool) if spent is None else spent[who]
    target = np.where(forbidden | away | limited, 0.0, 1.0)
    why = np.select([forbidden, away, limited], ["no_consent", "leave", "gift_limit"], "festival")
    return DutyPart(
        account=who,
        rep=owner,
        tier=request.tier(day)[who],
        columns={
            "duty": "festival",
            "occasion": rule.festival,
            "channel": channel,
            "target": target,
            "counted": counted[who],
            "prorated": target,
            "behind": np.zeros(len(who)),
            "due_from": np.full(len(who), window[0]),
            "due_by": np.full(len(who), window[1]),
            "state": duty_states(target, counted[who], window[1], request.cutoff),
            "must": request.must(window[1]) & (counted[who] < target),
            "why": why.astype(object),
        },
    )


def _away(request: DutyRequest, owner: Indices, window: tuple[int, int]) -> Flags:
    """Whose rep is on leave on every day of the window."""
    days = np.arange(request.day_of(window[0]), request.day_of(window[1] - 1) + 1)
    away = [bool(rep.absent(days).all()) for rep in request.book.events.reps]
    return np.array([*away, False])[owner]


def _window(request: DutyRequest, day: date, before: int, after: int) -> tuple[int, int]:
    zone = request.book.events.time_zone
    first, end = day - timedelta(days=before), day + timedelta(days=after + 1)
    return local_midnight(first, zone), local_midnight(end, zone)
