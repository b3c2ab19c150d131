"""Take the report of a contact with the state `done`: the contact event, the notes, the next appointment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import Connection

from kqml.calendar.business_time import DAY_US, moment_of
from kqml.dataset.tables import EVENTS as EVENT_COLUMNS
from kqml.events import EventKind
from kqml.history.builders import read_instant
from kqml.playbook.contact import QuietHours
from serve.database.contact_reports import add_note, decisions_of_events, has_note, link_contact, linked_contact
from serve.database.events import add_events
from serve.database.records import read_rows
from serve.database.tables import CONTACTS
from serve.database.territory import EVERYWHERE
from serve.database.week_updates import request_week_updates
from serve.security.contact_vault import seal_note
from serve.security.encryption import Cipher
from serve.usecases.follow_contacts import (
    APPOINTMENT,
    ContactFollower,
    action_channels,
    fitting_events,
    keep_appointments,
)
from serve.usecases.refusals import RequestFault

Row = Mapping[str, Any]

AHEAD_DAYS = 366
"""How far ahead a contact may be planned."""


@dataclass(frozen=True)
class ContactReport:
    """What happened in a contact. `business`: parts of `kqml.contract.notes.BusinessNote`. `personal`: a note about the
    person `contact_id`. `next_appointment`: ISO text."""

    minutes: float | None = None
    sentiment: float | None = None
    contact_id: str | None = None
    business: Mapping[str, str] | None = None
    personal: str | None = None
    next_appointment: str | None = None

    @property
    def has_notes(self) -> bool:
        """Whether anything is noted."""
        return bool(self.business) or self.personal is not None


def report_faults(
    connection: Connection, report: ContactReport, account_id: str, hours: QuietHours, now: int, zone: str
) -> Iterator[RequestFault]:
    """Yield what is wrong with a report about an account."""
    contact = report.contact_id
    if contact is not None:
        row = read_rows(connection, CONTACTS, [contact]).get(contact)
        if row is None or row["account_id"] != account_id or row["erased_at"] is not None:
            yield RequestFault(("report", "contact_id"), f"{contact!r} is not a contact of the account")
    elif report.personal is not None:
        yield RequestFault(("report", "contact_id"), "is missing: a personal note names the contact that it is about")
    if report.next_appointment is not None:
        yield from appointment_faults(("report", "next_appointment"), report.next_appointment, hours, now, zone)


def appointment_faults(
    path: tuple[str, ...], planned: str, hours: QuietHours, now: int, zone: str
) -> Iterator[RequestFault]:
    """Yield why no contact may be planned for an instant (ISO text)."""
    try:
        instant = read_instant(planned)
    except ValueError:
        yield RequestFault(path, f"{planned!r} is not a valid date")
        return
    if instant > now + AHEAD_DAYS * DAY_US:
        yield RequestFault(path, f"{planned!r} is more than {AHEAD_DAYS} days ahead")
    elif path[-1] == "next_appointment" and instant <= now:
        yield RequestFault(path, f"{planned!r} is not in the future")
    elif hours.covers(clock := moment_of(instant, zone).time()):
        quiet = f"{hours.start:%H:%M} to {hours.end:%H:%M}"
        yield RequestFault(path, f"is {clock:%H:%M} in {zone}, within the quiet hours from {quiet}")


def is_reported_by_event(connection: Connection, decision: Row, action: str | None) -> bool:
    """Return whether a decision is done because its contact arrived as an event, and no report of it has come yet."""
    last = decision["states"][-1]
    if last["state"] != "done" or action not in (None, decision["assigned"], last["action"]):
        return False
    link = linked_contact(connection, decision["decision_id"])
    return link is not None and not link["reported"] and not has_note(connection, decision["decision_id"])


def record_contact(follower: ContactFollower, decision: Row, state: Row, report: ContactReport, dated: bool) -> None:
    """Link the event of a decision's contact, which was stored before or is written now. `state`: the state `done` as
    stored; `dated`: whether the report named its time. Nothing where the action has no contacts."""
    action = state["action"] or decision["assigned"]
    channels = action_channels(follower.playbook, action)
    if not channels:
        return
    event = _stored_event(follower, {**decision, "assigned": action}, state, dated)
    if event is not None:
        link_contact(follower.connection, decision["decision_id"], event, reported=False, dated=True)
        return
    kind = follower.playbook.counting.kinds[next(iter(channels))][0]
    row = {
        **dict.fromkeys(EVENT_COLUMNS.names),
        "event_id": f"kqml:done:{decision['decision_id']}:{state['number']}",
        "account_id": decision["account_id"],
        "occurred_at": state["at"],
        "known_at": follower.now,
        "kind": kind.code,
        "minutes": report.minutes,
        "sentiment": report.sentiment,
        "contact_id": report.contact_id,
        "rep_id": decision["rep_id"],
    }
    add_events(follower.connection, [row], follower.now, EVERYWHERE)
    link_contact(follower.connection, decision["decision_id"], row["event_id"], reported=True, dated=dated)
    keep_appointments(follower, [row])


def record_notes(follower: ContactFollower, decision: Row, at: int, report: ContactReport, cipher: Cipher) -> None:
    """Store the notes of a report, the personal part encrypted, and its next appointment as a promise."""
    connection, name = follower.connection, decision["decision_id"]
    if report.has_notes:
        personal = None
        if report.personal is not None and report.contact_id is not None:
            personal = seal_note(connection, cipher, report.contact_id, name, report.personal)
        note = {
            "decision_id": name,
            "account_id": decision["account_id"],
            "contact_id": report.contact_id,
            "at": at,
            "business": orjson.dumps(report.business or {}).decode(),
            "personal": personal,
            "by": follower.by,
            "known_at": follower.now,
        }
        add_note(connection, note)
    if report.next_appointment is not None:
        _add_appointment(follower, decision, at, report)


def _add_appointment(follower: ContactFollower, decision: Row, at: int, report: ContactReport) -> None:
    row = {
        **dict.fromkeys(EVENT_COLUMNS.names),
        "event_id": f"{APPOINTMENT}{decision['decision_id']}:{len(decision['states'])}",
        "account_id": decision["account_id"],
        "occurred_at": at,
        "known_at": follower.now,
        "kind": EventKind.PROMISE_MADE.code,
        "contact_id": report.contact_id,
        "rep_id": decision["rep_id"],
        "due_at": read_instant(str(report.next_appointment)),
        "attributes": '{"topic":"appointment"}',
    }
    add_events(follower.connection, [row], follower.now, EVERYWHERE)
    request_week_updates(follower.connection, [row], follower.now)


def _stored_event(follower: ContactFollower, decision: Row, state: Row, dated: bool) -> str | None:
    """Return the event of the reported contact where it was stored before: on the day that the report names, or where
    it names none, the last one until now."""
    events = fitting_events(follower, decision, follower.now + 1)
    linked = decisions_of_events(follower.connection, [row["event_id"] for row in events])
    day = follower.local_day(state["at"])
    fitting = [
        row["event_id"]
        for row in events
        if row["event_id"] not in linked and (not dated or follower.local_day(row["occurred_at"]) == day)
    ]
    return fitting[-1] if fitting else None
