"""When nobody is contacted."""

from datetime import time

import numpy as np

from kqml.calendar.business_time import DAY_US, Instants, offsets_at
from kqml.playbook.contact import QuietHours
from models.policy.guardrails.account_state import Flags

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
