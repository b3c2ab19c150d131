"""All duties of all accounts at a cutoff, for a period."""

from collections.abc import Iterator
from datetime import date

import numpy as np
import pyarrow as pa

from kqml.calendar.business_time import local_days
from kqml.calendar.workdays import Workdays
from kqml.duties.cadence import cadence_parts
from kqml.duties.counted_contacts import counted_contacts
from kqml.duties.festivals import festival_parts
from kqml.duties.handovers import handover_part
from kqml.duties.inputs import DutyInputs
from kqml.duties.monthly import MonthView, month_view, months_back
from kqml.duties.open_issues import open_issue_parts
from kqml.duties.overrides import apply_overrides
from kqml.duties.period import Period, months_of
from kqml.duties.personal_days import birthday_parts, life_event_parts
from kqml.duties.rep_month import rep_parts
from kqml.duties.request import DutyRequest
from kqml.duties.table import DutyPart, duty_table
from kqml.history.known_history import KnownHistory
from kqml.playbook import Playbook


def list_duties(book: DutyInputs, playbook: Playbook, calendar: Workdays, period: Period, cutoff: int) -> pa.Table:
    """The table of `kqml.duties.table.SCHEMA`: every duty whose days touch the period, whatever is open besides.

    Only what was known before the cutoff counts, only what had happened by then. What somebody declared by then is done
    or waived, whatever was counted.
    """
    request = duty_request(book, playbook, period, cutoff)
    table = duty_table(book, [part for part in _parts(request, calendar, period) if len(part)], playbook.version)
    return apply_overrides(table, book.declared, cutoff)


def duty_request(book: DutyInputs, playbook: Playbook, period: Period, cutoff: int) -> DutyRequest:
    """The question of a period at a cutoff."""
    start, end = period.instants(book.events.time_zone)
    known = KnownHistory(book.log, cutoff)
    return DutyRequest(
        book=book,
        playbook=playbook,
        cutoff=cutoff,
        cutoff_day=int(local_days(np.array([cutoff - 1]), book.events.time_zone)[0]) + 1,
        start=start,
        end=end,
        known=known,
        contacts=counted_contacts(known, playbook),
    )


def _parts(request: DutyRequest, calendar: Workdays, period: Period) -> Iterator[DutyPart]:
    seen: dict[date, MonthView] = {}
    for month in months_of(period):
        views = [_view(request, calendar, each, seen) for each in months_back(request.playbook, month)]
        yield from cadence_parts(request, views)
        yield from rep_parts(request, views[-1])
    yield from festival_parts(request)
    yield from birthday_parts(request)
    yield from life_event_parts(request)
    yield from open_issue_parts(request, calendar)
    yield handover_part(request)


def _view(request: DutyRequest, calendar: Workdays, month: date, seen: dict[date, MonthView]) -> MonthView:
    if month not in seen:
        seen[month] = month_view(request.book, calendar, month, request.cutoff)
    return seen[month]
