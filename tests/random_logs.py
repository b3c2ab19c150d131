"""Small random histories for property tests: ties, events on bounds, late records, gaps in the values."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from feature_oracle import Happened, World
from hypothesis import strategies as st

from features.context import NEVER, UNKNOWN, Context
from kqml.calendar.business_time import DAY_US, QuietPeriods
from kqml.events import KINDS, EventKind
from kqml.history.event_log import CODES, NO_DUE, VALUES, EventLog, EventNote
from kqml.history.links import links_of
from kqml.history.retractions import retraction_instants

HOUR_US = DAY_US // 24
KINDS_USED = (
    EventKind.ORDER,
    EventKind.RETURN,
    EventKind.VISIT,
    EventKind.CALL,
    EventKind.COMPLAINT,
    EventKind.PAYMENT_DUE,
    EventKind.PAYMENT_RECEIVED,
    EventKind.COMPLAINT_RESOLVED,
    EventKind.INBOUND,
    EventKind.HELP_ASKED,
    EventKind.CARD_UPDATED,
    EventKind.REP_ASSIGNED,
    EventKind.EVENT_RETRACTED,
)
CUTOFFS = np.array([0, 30, 60, 61, 420]) * DAY_US
"""Windows of the test catalog are of 1 to 365 days, so that events on multiples of a day lie on their bounds."""


@dataclass(frozen=True)
class Histories:
    """Accounts with their events, ascending, and the world around them."""

    accounts: Sequence[Sequence[Happened]]
    worlds: Sequence[World]


_times = st.one_of(
    st.integers(-400, 430).map(lambda day: day * DAY_US),
    st.integers(-400 * 24, 430 * 24).map(lambda hour: hour * HOUR_US),
    st.integers(-3 * DAY_US, 3 * DAY_US),
)
_lags = st.one_of(
    st.just(0),
    st.just(0),
    st.sampled_from([1, HOUR_US, DAY_US, 2 * DAY_US, 40 * DAY_US, -DAY_US]),
)
_numbers = st.one_of(
    st.integers(0, 5).map(float),
    st.floats(0.01, 1000),
    st.sampled_from([1e8, 1e8 + 0.001, 1e-3, 0.1, 0.1]),
)


@st.composite
def happenings(draw: st.DrawFn) -> Happened:
    """One event."""
    occurred = draw(_times)
    values = {name: draw(_numbers) for name in ("amount", "lines") if draw(st.integers(0, 5))}
    if draw(st.booleans()):
        values["sentiment"] = draw(st.floats(-1, 1))
    if draw(st.booleans()):
        values["minutes"], values["authenticity"] = draw(st.sampled_from([(1.0, 0.9), (20.0, 0.9), (20.0, 0.2)]))
    codes = {name: draw(st.integers(-1, 2)) for name in ("contact_id", "channel", "rep_id")}
    return Happened(
        occurred,
        occurred + draw(_lags),
        draw(st.sampled_from(KINDS_USED)),
        values,
        codes,
        name=f"e{draw(st.integers(0, 5))}",
        ref=draw(st.sampled_from([None, *(f"e{number}" for number in range(6))])),
        due=draw(st.sampled_from([None, None, occurred, occurred + DAY_US, occurred + 30 * DAY_US])),
        topic=draw(st.sampled_from([None, "price", "weather"])),
        fields=draw(st.sampled_from([(), ("size",), ("size", "phone"), ("brands", "unheard of")])),
    )


@st.composite
def histories(draw: st.DrawFn, most_events: int = 25) -> Histories:
    """One to three accounts in one world."""
    since = {kind: draw(st.sampled_from([-500, -100, 10])) * DAY_US for kind in KINDS_USED if draw(st.integers(0, 6))}
    quiet = draw(st.sampled_from([(), ((-20, -13), (15, 25)), ((-3, 1), (29, 30), (400, 425))]))
    time_zone = draw(st.sampled_from(["UTC", "Asia/Shanghai", "America/New_York"]))
    accounts, worlds = [], []
    for _ in range(draw(st.integers(1, 3))):
        events = named_once(draw(st.lists(happenings(), max_size=most_events)))
        accounts.append(sorted(events, key=lambda event: event.occurred))
        opened = draw(st.sampled_from([None, None, -90, 35]))
        days = [(start * DAY_US, end * DAY_US) for start, end in quiet]
        tier = draw(st.sampled_from(["A", "B", "C", "D", None]))
        worlds.append(World(since, None if opened is None else opened * DAY_US, days, time_zone, tier))
    return Histories(accounts, worlds)


def named_once(events: Sequence[Happened]) -> list[Happened]:
    """The events; a name that an earlier one has is taken away."""
    first = {event.name: place for place, event in reversed(list(enumerate(events)))}
    return [event if first[event.name] == place else replace(event, name=None) for place, event in enumerate(events)]


def log_of(accounts: Sequence[Sequence[Happened]]) -> EventLog:
    """The columnar log of such histories; columns that no event has are absent."""
    events = [event for account in accounts for event in account]
    values = {name for event in events for name in event.values}
    owner = np.repeat(np.arange(len(accounts)), [len(account) for account in accounts])
    kind = np.array([event.kind.number for event in events], dtype=np.uint8)
    names = {(owner[place], event.name): place for place, event in enumerate(events) if event.name}
    opened = np.array([names.get((owner[place], e.ref), -1) for place, e in enumerate(events)], dtype=np.int64)
    occurred, known = (np.array([getattr(e, name) for e in events], dtype=np.int64) for name in ("occurred", "known"))
    notes = tuple(dict.fromkeys(EventNote(event.topic, event.fields) for event in events))
    codes = {name: np.array([e.codes.get(name, -1) for e in events], dtype=np.int32) for name in CODES}
    codes["note"] = np.array([notes.index(EventNote(e.topic, e.fields)) for e in events], dtype=np.int32)
    return EventLog(
        accounts=np.array([f"a{place}" for place in range(len(accounts))], dtype=object),
        offsets=np.cumsum([0, *(len(account) for account in accounts)]).astype(np.int64),
        occurred_at=occurred,
        known_at=known,
        kind=kind,
        values={name: np.array([e.values.get(name, np.nan) for e in events]) for name in VALUES if name in values},
        codes=codes | links_of(opened, owner, kind),
        due_at=np.array([NO_DUE if e.due is None else e.due for e in events], dtype=np.int64),
        notes=notes,
        retracted_at=retraction_instants(owner, kind, np.maximum(occurred, known), lambda rows: opened[rows]),
    )


def context_of(worlds: Sequence[World]) -> Context:
    """The engine's context of such worlds."""
    since = np.array([worlds[0].since.get(kind, NEVER) for kind in KINDS], dtype=np.int64)
    opened = [UNKNOWN if world.opened is None else world.opened for world in worlds]
    quiet = QuietPeriods.of(worlds[0].quiet)
    return Context(since, np.array(opened, dtype=np.int64), worlds[0].time_zone, quiet)
