"""When nobody is contacted, what may be given to a person."""

from datetime import time

import numpy as np

from kqml.calendar.business_time import DAY_US, Instants, offsets_at
from kqml.playbook.contact import Limits, QuietHours
from models.policy.guardrails.account_state import Flags, Floats

SECOND_US = 1_000_000


def is_quiet(hours: QuietHours, instants: Instants, time_zone: str) -> Flags:
    """Whether nobody is contacted at each instant."""
    clock = (instants + offsets_at(instants, time_zone)) % DAY_US
    start, end = _micros(hours.start), _micros(hours.end)
    if start <= end:
        return np.asarray((clock >= start) & (clock < end), dtype=bool)
    return np.asarray((clock >= start) | (clock < end), dtype=bool)


def _micros(clock: time) -> int:
    return (clock.hour * 3600 + clock.minute * 60 + clock.second) * SECOND_US


def gift_room(limits: Limits, given: Floats, festival: Flags) -> Floats:
    """Money that a gift to each person may still cost. `given`: this calendar year; `festival`: one asks for it."""
    left = np.maximum(limits.gift_cap - given, 0.0)
    return np.where(festival | ~np.asarray(limits.gifts_at_festivals_only), left, 0.0)
