"""Hand-made event logs for tests: days since 1970-01-01 UTC instead of instants."""

import numpy as np

from features.context import UNKNOWN, Context
from kqml.calendar.business_time import DAY_US, QuietPeriods
from kqml.events import KIND_OF_CODE, KINDS
from kqml.history.event_log import EventLog
from kqml.history.retractions import NEVER


def at(days):
    """Instants of days."""
    return np.array(np.round(np.asarray(days, dtype=float) * DAY_US), dtype=np.int64)


def in_days(instants):
    return (np.asarray(instants) / DAY_US).tolist()


def made_log(histories):
    """A log of {account: [(day, kind code, days until it was recorded, perhaps the day of its retraction)]}, sorted
    here."""
    names = sorted(histories)
    events = [sorted(histories[name], key=lambda event: event[0]) for name in names]
    flat = [event for history in events for event in history]
    occurred = at([event[0] for event in flat])
    retracted = [event[3] if len(event) > 3 else None for event in flat]
    return EventLog(
        accounts=np.array(names, dtype=object),
        offsets=np.cumsum([0, *map(len, events)]).astype(np.int64),
        occurred_at=occurred,
        known_at=occurred + at([event[2] for event in flat]),
        kind=np.array([KIND_OF_CODE[event[1]].number for event in flat], dtype=np.uint8),
        values={},
        codes={},
        retracted_at=np.array([NEVER if day is None else int(at(day)) for day in retracted], dtype=np.int64),
    )


def orders(*days):
    """The history of an account that only orders."""
    return [(day, "order", 0) for day in days]


def made_context(log, zone="UTC", quiet=()):
    """A context in which everything is recorded from the beginning; quiet periods as pairs of days."""
    periods = QuietPeriods.of([(int(start * DAY_US), int(end * DAY_US)) for start, end in quiet])
    opened_at = np.full(log.account_count, UNKNOWN)
    return Context(np.zeros(len(KINDS), np.int64), opened_at, zone, periods)
