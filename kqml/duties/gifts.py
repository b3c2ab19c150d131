"""What a gift to a person may still cost (domain §11)."""

from collections import defaultdict
from datetime import date

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_midnight
from kqml.duties.request import DutyRequest
from kqml.events import EventKind
from kqml.history.event_log import Indices

Floats = NDArray[np.float64]


def gift_room(request: DutyRequest, year: int) -> Floats:
    """Return per account the money that a gift may still cost in the calendar year, by the playbook's cap per person.

    Of the people who were given something the one who was given least counts; a gift to nobody by name is everybody's.
    A gift without an amount is not held against anybody.
    """
    given = np.zeros(request.accounts)
    for account, people in _given(request, _gifts_of(request, year)).items():
        shared = people.pop(None, 0.0)
        given[account] = shared + min(people.values(), default=0.0)
    return np.asarray(np.maximum(request.playbook.limits.gift_cap - given, 0.0), dtype=np.float64)


def _gifts_of(request: DutyRequest, year: int) -> Indices:
    zone = request.book.events.time_zone
    start, end = (local_midnight(date(start_year, 1, 1), zone) for start_year in (year, year + 1))
    return request.known.of_kinds([EventKind.GIFT], start, end)


def _given(request: DutyRequest, gifts: Indices) -> dict[int, dict[str | None, float]]:
    """Account → contact (None: nobody by name) → money."""
    result: dict[int, dict[str | None, float]] = defaultdict(lambda: defaultdict(float))
    log, people = request.book.log, request.book.events.texts("contact_id", gifts)
    money = np.nan_to_num(log.value("amount", gifts)).tolist()
    for account, person, amount in zip(log.account[gifts].tolist(), people, money, strict=True):
        result[account][person] += amount
    return result
