"""Track decisions: show one with its receipt, show a rep's week, record what followed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from sqlalchemy import Connection

from kqml.contract.decisions import DecisionFields, DecisionState, Receipt, StatusTaken
from kqml.contract.fields import field_names
from kqml.contract.notes import ContactNote
from kqml.contract.plans import PlannedDecision, RepPlan, StoredDecision
from kqml.history.builders import read_instant
from kqml.moments import first_ahead
from kqml.playbook import Playbook
from serve.database.decisions import (
    FOLLOWS,
    NEEDS_OUTCOME,
    NEEDS_REASON,
    IllegalTransition,
    add_state,
    lock_decision,
    read_decision,
)
from serve.database.learned import columns_named
from serve.database.plans import is_rep, objecting_of_rep, week_of_rep
from serve.database.territory import Territory
from serve.security.callers import Caller
from serve.security.encryption import Cipher
from serve.usecases.contact_notes import NoteReader, read_notes
from serve.usecases.database_access import Transaction
from serve.usecases.follow_contacts import ContactFollower
from serve.usecases.refusals import RequestFault, StateConflict, UnknownRecord, refuse
from serve.usecases.rendered_texts import rendered_brief, rendered_receipt
from serve.usecases.report_contacts import (
    ContactReport,
    appointment_faults,
    is_reported_by_event,
    record_contact,
    record_notes,
    report_faults,
)
from serve.usecases.stored_rows import as_text, contract_fields

Row = Mapping[str, Any]
FIELDS, STATE_FIELDS, WEEK_FIELDS = (field_names(shape) for shape in (DecisionFields, DecisionState, StoredDecision))


@dataclass(frozen=True, kw_only=True)
class RecordStatusRequest:
    """The next state of a decision. `at`: ISO text of when it came, for `scheduled` of when the contact is planned;
    None: now. `report`: what happened, with `done`. `playbook`: the rules in force, with its actions and quiet hours.
    `cipher`: of personal notes."""

    decision_id: str
    state: str
    at: str | None
    action: str | None
    reason: str | None
    verified: bool | None
    outcome: Any | None
    report: ContactReport | None
    caller: Caller
    playbook: Playbook
    cipher: Cipher


def show_decision(transaction: Transaction, decision_id: str, territory: Territory, language: str) -> Receipt:
    """Return a decision with everything that re-creates it and its states so far, its sentences in a language.

    Raises UnknownRecord.
    """
    row, zone = _decision(transaction, decision_id, territory), transaction.time_zone
    state = row["states"][-1]["state"]
    facts = {**row, "features": _features(transaction.connection, row), "receipt": _receipt(row, language)}
    content = {
        **contract_fields(facts, FIELDS, zone),
        "state": state,
        "next": FOLLOWS[state],
        "states": [contract_fields(past, STATE_FIELDS, zone) for past in row["states"]],
    }
    return cast(Receipt, content)


def show_rep_plan(transaction: Transaction, rep_id: str, week: str, reader: NoteReader, language: str) -> RepPlan:
    """Return the decisions of a rep's week with their states, required ones first, with the notes of earlier contacts.
    Raises UnknownRecord.

    Accounts that object to automated recommendations are counted, not listed.
    """
    connection, zone, territory = transaction.connection, transaction.time_zone, reader.caller.territory
    if not is_rep(connection, rep_id, territory):
        raise UnknownRecord("rep", rep_id)
    rows = week_of_rep(connection, rep_id, week, territory)
    objecting = objecting_of_rep(connection, rep_id, territory)
    objecting |= {row["account_id"] for row in rows if row["objected_at"] is not None}
    shown = [row for row in rows if row["objected_at"] is None]
    notes = read_notes(transaction, [row["account_id"] for row in shown], reader)
    decisions = [planned_decision(row, zone, language, notes) for row in shown]
    return RepPlan(rep_id=rep_id, week=week, preview=False, decisions=decisions, objected=len(objecting))


def record_status(transaction: Transaction, request: RecordStatusRequest, now: int) -> StatusTaken:
    """Append a state to a decision. With `done` its contact becomes an event, unless it arrived as one before, and the
    report is stored; where the event has made the decision done already, the report is added to it.

    Raises FaultyRequest where the state lacks something or lies in quiet hours, UnknownRecord, StateConflict where it
    cannot follow the present state.
    """
    refuse(list(_status_faults(request, now)))
    lock_decision(transaction.connection, request.decision_id)
    decision = _decision(transaction, request.decision_id, request.caller.territory)
    refuse(list(_planning_faults(transaction, request, decision, now)))
    try:
        row = _add_state(transaction, request, decision, now)
    except IllegalTransition as move:
        allowed = ", ".join(FOLLOWS[move.present]) or "nothing"
        raise StateConflict(
            f"The decision has the state {move.present}. The state {move.requested} cannot follow; allowed: {allowed}."
        ) from None
    shown = contract_fields(row, STATE_FIELDS, transaction.time_zone)
    content = {"decision_id": request.decision_id, "state": shown, "next": FOLLOWS[row["state"]]}
    return cast(StatusTaken, content)


def _add_state(transaction: Transaction, request: RecordStatusRequest, decision: Row, now: int) -> Row:
    """Append the state with what its report says. Raises IllegalTransition."""
    connection, report = transaction.connection, request.report or ContactReport()
    if request.state != "done":
        return add_state(connection, request.decision_id, _state_row(request, now), now)
    follower = ContactFollower(transaction, request.playbook, request.caller.name, now)
    if is_reported_by_event(connection, decision, request.action):
        row: Row = decision["states"][-1]
    else:
        row = add_state(connection, request.decision_id, _state_row(request, now), now)
        record_contact(follower, decision, row, report, dated=request.at is not None)
    record_notes(follower, decision, row["at"], report, request.cipher)
    return row


def planned_decision(row: Row, zone: str, language: str, notes: Mapping[str, list[ContactNote]]) -> PlannedDecision:
    """Return a row of `serve.database.plans` with the states that may follow, its brief in a language and the notes of
    its account (`notes`: by account)."""
    brief = rendered_brief(stored_receipt(row), language)
    more = {"next": FOLLOWS[row["state"]], "brief": brief, "notes": notes.get(row["account_id"], [])}
    return cast(PlannedDecision, {**contract_fields(row, WEEK_FIELDS, zone), **more})


def stored_receipt(row: Row) -> dict[str, Any] | None:
    """Return the receipt of a decision; None unless it is a JSON object, as those of our plans are."""
    receipt = orjson.loads(row["receipt"]) if row["receipt"] else None
    return receipt if isinstance(receipt, dict) else None


def _receipt(row: Row, language: str) -> Any:
    """The receipt with its sentences in words; what is no JSON object as it is stored."""
    receipt = stored_receipt(row)
    return row["receipt"] if receipt is None else rendered_receipt(receipt, language)


def _decision(transaction: Transaction, decision_id: str, territory: Territory) -> Row:
    row = read_decision(transaction.connection, decision_id, territory)
    if row is None:
        raise UnknownRecord("decision", decision_id)
    return row


def _features(connection: Connection, decision: Row) -> str | None:
    """The feature row as a JSON object: of our own plans the numbers alone are stored."""
    text = decision["features"]
    if text is None or not text.startswith("["):
        return None if text is None else str(text)
    receipt = orjson.loads(decision["receipt"] or "{}")
    names = columns_named(connection, receipt.get("learned") or "")
    return orjson.dumps(dict(zip(names, orjson.loads(text), strict=True))).decode()


def _status_faults(request: RecordStatusRequest, now: int) -> Iterator[RequestFault]:
    if request.state in NEEDS_REASON and request.reason is None:
        yield RequestFault(("reason",), f"is missing: the state {request.state} requires a reason")
    if request.state in NEEDS_OUTCOME and request.outcome is None:
        yield RequestFault(("outcome",), "is missing: the state outcome requires it")
    if request.report is not None and request.state != "done":
        yield RequestFault(("report",), f"goes with the state done, not with {request.state}")
    if request.action is not None and request.action not in request.playbook.action_names:
        known = ", ".join(request.playbook.action_names)
        yield RequestFault(("action",), f"{request.action!r} is not an action of the playbook: {known}")
    try:
        at = now if request.at is None else read_instant(request.at)
    except ValueError:
        yield RequestFault(("at",), f"{request.at!r} is not a valid date")
        return
    if request.state != "scheduled" and at >= first_ahead(now):
        yield RequestFault(("at",), f"{request.at!r} is in the future; record a state once it has come")


def _planning_faults(
    transaction: Transaction, request: RecordStatusRequest, decision: Row, now: int
) -> Iterator[RequestFault]:
    """What is wrong with planned contacts and with the report."""
    hours, zone = request.playbook.limits.quiet_hours, transaction.time_zone
    if request.state == "scheduled" and request.at is not None:
        yield from appointment_faults(("at",), request.at, hours, now, zone)
    if request.report is not None:
        connection, account = transaction.connection, decision["account_id"]
        yield from report_faults(connection, request.report, account, hours, now, zone)


def _state_row(request: RecordStatusRequest, now: int) -> dict[str, Any]:
    return {
        **{name: getattr(request, name) for name in ("state", "action", "reason", "verified")},
        "at": now if request.at is None else read_instant(request.at),
        "outcome": None if request.outcome is None else as_text(request.outcome),
        "by": request.caller.name,
    }
