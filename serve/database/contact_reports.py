"""Which event carried out a decision, and the notes of contacts."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select, update

from serve.database.decisions import OPEN
from serve.database.events import unretracted
from serve.database.records import parts_of
from serve.database.tables import CONTACT_NOTES, DECISION_CONTACTS, DECISION_STATES, DECISIONS, EVENTS
from serve.database.upserting import upsert

Row = Mapping[str, Any]

CONTACTABLE = (*OPEN, "withdrawn", "done")
"""States of decisions that a contact may carry out, or has carried out."""


def link_contact(connection: Connection, decision_id: str, event_id: str, *, reported: bool, dated: bool) -> None:
    """Record which event carried out a decision, in place of any other."""
    row = {"decision_id": decision_id, "event_id": event_id, "reported": reported, "dated": dated}
    upsert(connection, DECISION_CONTACTS, [row])


def unlink_contact(connection: Connection, decision_id: str) -> None:
    """Forget which event carried out a decision."""
    connection.execute(delete(DECISION_CONTACTS).where(DECISION_CONTACTS.c.decision_id == decision_id))


def linked_contact(connection: Connection, decision_id: str) -> Row | None:
    """Return the event that carried out a decision: event_id, reported, dated; None without one."""
    request = select(DECISION_CONTACTS).where(DECISION_CONTACTS.c.decision_id == decision_id)
    row = connection.execute(request).mappings().one_or_none()
    return None if row is None else dict(row)


def decisions_of_events(connection: Connection, ids: Collection[str]) -> dict[str, str]:
    """Return the decision that each of these events carried out, by event id."""
    columns = (DECISION_CONTACTS.c.event_id, DECISION_CONTACTS.c.decision_id)
    return {
        event: decision
        for part in parts_of(sorted(ids))
        for event, decision in connection.execute(select(*columns).where(columns[0].in_(part))).tuples()
    }


def contactable_decisions(connection: Connection, accounts: Collection[str], weeks: Collection[str]) -> list[Row]:
    """Return the decisions of these weeks about accounts that a contact may carry out or has carried out, the latest
    first: columns of the decision, its latest `state` with `at`, `event_id`, `reported`, `dated` of its contact."""
    inner = DECISION_STATES.alias("inner")
    newest = select(func.max(inner.c.number)).where(inner.c.decision_id == DECISIONS.c.decision_id).scalar_subquery()
    joined = DECISIONS.join(
        DECISION_STATES,
        (DECISION_STATES.c.decision_id == DECISIONS.c.decision_id) & (DECISION_STATES.c.number == newest),
    ).outerjoin(DECISION_CONTACTS, DECISION_CONTACTS.c.decision_id == DECISIONS.c.decision_id)
    names = ("decision_id", "account_id", "rep_id", "week", "cutoff", "assigned")
    linked = (DECISION_CONTACTS.c[name] for name in ("event_id", "reported", "dated"))
    columns = (*(DECISIONS.c[name] for name in names), DECISION_STATES.c.state, DECISION_STATES.c.at, *linked)
    request = select(*columns).select_from(joined)
    request = request.where(DECISIONS.c.week.in_(sorted(weeks)), DECISION_STATES.c.state.in_(CONTACTABLE))
    rows = [
        dict(row)
        for part in parts_of(sorted(accounts))
        for row in connection.execute(request.where(DECISIONS.c.account_id.in_(part))).mappings()
    ]
    return sorted(rows, key=lambda row: (row["cutoff"], row["decision_id"]), reverse=True)


def contacts_between(
    connection: Connection, account_id: str, kinds: Sequence[str], interval: tuple[int, int], now: int
) -> list[Row]:
    """Return the events of these kinds at an account in a half-open interval that are not retracted, in order of
    time."""
    when = EVENTS.c.occurred_at >= interval[0], EVENTS.c.occurred_at < interval[1]
    request = select(EVENTS).where(EVENTS.c.account_id == account_id, EVENTS.c.kind.in_(kinds), *when)
    request = request.where(unretracted([account_id], now + 1)).order_by(EVENTS.c.occurred_at, EVENTS.c.event_id)
    return [dict(row) for row in connection.execute(request).mappings()]


def add_note(connection: Connection, note: Row) -> None:
    """Write the note of a decision's contact."""
    connection.execute(insert(CONTACT_NOTES), note)


def has_note(connection: Connection, decision_id: str) -> bool:
    """Return whether the contact of a decision has been noted."""
    request = select(CONTACT_NOTES.c.decision_id).where(CONTACT_NOTES.c.decision_id == decision_id)
    return connection.execute(request).first() is not None


def latest_notes(connection: Connection, accounts: Sequence[str], count: int) -> dict[str, list[Row]]:
    """Return the last notes of each account, at most `count`, the newest first."""
    result: dict[str, list[Row]] = {}
    for part in parts_of(sorted(set(accounts))):
        order = (CONTACT_NOTES.c.at.desc(), CONTACT_NOTES.c.decision_id)
        rank = func.row_number().over(partition_by=CONTACT_NOTES.c.account_id, order_by=order).label("rank")
        ranked = select(CONTACT_NOTES, rank).where(CONTACT_NOTES.c.account_id.in_(part)).subquery()
        request = select(ranked).where(ranked.c.rank <= count).order_by(ranked.c.account_id, ranked.c.rank)
        for row in connection.execute(request).mappings():
            result.setdefault(row["account_id"], []).append(dict(row))
    return result


def notes_about(connection: Connection, contact_id: str) -> list[Row]:
    """Return all notes about a contact, the earliest first."""
    request = select(CONTACT_NOTES).where(CONTACT_NOTES.c.contact_id == contact_id).order_by(CONTACT_NOTES.c.at)
    return [dict(row) for row in connection.execute(request).mappings()]


def clear_personal_notes(connection: Connection, contact_id: str) -> None:
    """Remove what was noted about a contact personally."""
    connection.execute(update(CONTACT_NOTES).where(CONTACT_NOTES.c.contact_id == contact_id).values(personal=None))
