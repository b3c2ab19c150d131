"""What a gift to a person may still cost (domain §11)."""

from collections import defaultdict
from datetime import date

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_midnight
from kqml.duties.duty_log import Records
from kqml.duties.request import DutyRequest
from kqml.events import EventKind

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


def _gifts_of(request: DutyRequest, year: int) -> Records:
    zone, gifts = request.book.log.time_zone, request.known.of(EventKind.GIFT)
    bounds = [local_midnight(date(one, 1, 1), zone) for one in (year, year + 1)]
    start, end = np.searchsorted(gifts.occurred_at, bounds).tolist()
    index = np.arange(len(gifts))
    return gifts.where((index >= start) & (index < end) & (gifts.account >= 0))


def _given(request: DutyRequest, gifts: Records) -> dict[int, dict[str | None, float]]:
    """Account → contact (None: nobody by name) → money."""
    result: dict[int, dict[str | None, float]] = defaultdict(lambda: defaultdict(float))
    people = request.book.log.texts("contact_id", gifts.row)
    money = np.nan_to_num(gifts.amount).tolist()
    for account, person, amount in zip(gifts.account.tolist(), people, money, strict=True):
        result[account][person] += amount
    return result
