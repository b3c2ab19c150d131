"""Erase an account: what says who it is and what was written about it goes, numbers stay under its id."""

import json
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Table, delete, select, update

from kqml.events import EventKind
from serve.database.events import add_events
from serve.database.records import read_rows
from serve.database.tables import (
    ACCOUNT_GRADES,
    ACCOUNTS,
    CONTACT_NOTES,
    CONTACTS,
    DECISION_STATES,
    DECISIONS,
    DUTIES_DECLARED,
    EVENTS,
    LATEST_SCORES,
    REVIEWS,
    SCORES,
    WEEK_UPDATES,
)
from serve.database.territory import EVERYWHERE
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.erasure import erase
from serve.security.erasure_mode import erasing

KEPT_KEYS = frozenset({"from", "to", "topic", "fields"})
"""Keys of the attributes of events that scores and grades read: codes, no free text."""

WRITTEN = ("rejected", "failed", "outcome")
"""States with words or content of the reporter's."""

NO_CONSENT = '{"consent":false}'


def erase_account(connection: Connection, actor: Actor, account_id: str, now: int) -> Mapping[str, int] | None:
    """Erase an account and its contacts; return how many `contacts` and `events` were cleared. None where there is no
    such account.

    The account is closed and objects to automated recommendations from then on, so that nothing scores or plans it.
    """
    stored = read_rows(connection, ACCOUNTS, [account_id], lock=True).get(account_id)
    if stored is None:
        return None
    contacts = _erase_contacts(connection, actor, account_id, now)
    if stored["erased_at"] is None:
        _close(connection, stored, now)
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == account_id).values(_emptied(stored, now)))
    with erasing(connection, "erasure of an account"):
        events = _clear_events(connection, account_id)
        _clear_decisions(connection, account_id)
        _clear(connection, DUTIES_DECLARED, {"note": None}, owner=account_id)
        _clear(connection, CONTACT_NOTES, {"business": "{}", "personal": None}, account_id=account_id)
    _clear(connection, REVIEWS, {"note": None, "answer": None}, account_id=account_id)
    _clear(connection, SCORES, {"reasons": "[]", "warnings": "[]"}, account_id=account_id)
    for table in (LATEST_SCORES, ACCOUNT_GRADES, WEEK_UPDATES):
        connection.execute(delete(table).where(table.c.account_id == account_id))
    counts = {"contacts": contacts, "events": events}
    record_event(connection, actor, [AuditEvent("account.erase", "account", account_id, counts)], now)
    return counts


def _erase_contacts(connection: Connection, actor: Actor, account_id: str, now: int) -> int:
    request = select(CONTACTS.c.contact_id).where(CONTACTS.c.account_id == account_id, CONTACTS.c.erased_at.is_(None))
    ids = list(connection.execute(request.order_by(CONTACTS.c.contact_id)).scalars())
    for contact_id in ids:
        erase(connection, actor, contact_id, now)
    return len(ids)


def _close(connection: Connection, account: Mapping[str, Any], now: int) -> None:
    """Write the event that ends the account's history: later silence is no churn."""
    if account["status"] in ("closed", "transferred"):
        return
    event: dict[str, Any] = dict.fromkeys(column.name for column in EVENTS.columns if column.name != "received_at")
    name = f"kqml:erased:{account['account_id']}"
    event |= {"event_id": name, "account_id": account["account_id"], "kind": EventKind.ACCOUNT_CLOSED.code}
    add_events(connection, [{**event, "occurred_at": now, "known_at": now}], now, EVERYWHERE)


def _emptied(account: Mapping[str, Any], now: int) -> dict[str, Any]:
    return {
        **dict.fromkeys(("name", "credit_grade")),
        "attributes": NO_CONSENT,
        "status": account["status"] if account["status"] == "transferred" else "closed",
        "objected_at": account["objected_at"] or now,
        "erased_at": now,
        "updated_at": now,
        "version": account["version"] + 1,
    }


def _clear_events(connection: Connection, account_id: str) -> int:
    """Take free content out of the attributes of events; return how many changed."""
    own = EVENTS.c.account_id == account_id
    noted = select(EVENTS.c.event_id, EVENTS.c.attributes).where(own, EVENTS.c.attributes.is_not(None))
    changed = 0
    for event_id, attributes in connection.execute(noted).tuples().all():
        codes = {name: value for name, value in json.loads(attributes).items() if name in KEPT_KEYS}
        if codes != json.loads(attributes):
            text = json.dumps(codes, ensure_ascii=False) if codes else None
            connection.execute(update(EVENTS).where(EVENTS.c.event_id == event_id).values(attributes=text))
            changed += 1
    return changed


def _clear_decisions(connection: Connection, account_id: str) -> None:
    """Empty the briefs of receipts, and what people wrote with states."""
    own = select(DECISIONS.c.decision_id, DECISIONS.c.receipt).where(DECISIONS.c.account_id == account_id)
    for decision_id, receipt in connection.execute(own).tuples().all():
        written = DECISION_STATES.c.decision_id == decision_id, DECISION_STATES.c.state.in_(WRITTEN)
        connection.execute(update(DECISION_STATES).where(*written).values(reason=None, outcome=None))
        content = json.loads(receipt) if receipt else None
        if isinstance(content, dict) and content.get("brief") is not None:
            text = json.dumps({**content, "brief": None}, ensure_ascii=False, separators=(",", ":"))
            connection.execute(update(DECISIONS).where(DECISIONS.c.decision_id == decision_id).values(receipt=text))


def _clear(connection: Connection, table: Table, values: Mapping[str, Any], **key: str) -> None:
    connection.execute(update(table).where(*(table.c[name] == value for name, value in key.items())).values(**values))
