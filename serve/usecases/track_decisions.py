"""Track decisions: show one with its receipt, show a rep's week, record what followed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

import orjson
from sqlalchemy import Connection

from kqml.calendar.business_time import DAY_US, moment_of
from kqml.contract.decisions import DecisionFields, DecisionState, Receipt, StatusTaken
from kqml.contract.fields import field_names
from kqml.contract.plans import PlannedDecision, RepPlan, StoredDecision
from kqml.history.builders import read_instant
from kqml.moments import first_ahead
from kqml.playbook import Playbook
from kqml.playbook.contact import QuietHours
from serve.database.decisions import FOLLOWS, NEEDS_OUTCOME, NEEDS_REASON, IllegalTransition, add_state, read_decision
from serve.database.learned import columns_named
from serve.database.plans import is_rep, objecting_of_rep, week_of_rep
from serve.database.territory import Territory
from serve.security.callers import Caller
from serve.usecases.database_access import Transaction
from serve.usecases.refusals import RequestFault, StateConflict, UnknownRecord, refuse
from serve.usecases.rendered_texts import rendered_brief, rendered_receipt
from serve.usecases.stored_rows import as_text, contract_fields

Row = Mapping[str, Any]
SCHEDULED_DAYS = 366
"""How far ahead a contact may be scheduled."""

FIELDS, STATE_FIELDS, WEEK_FIELDS = (field_names(shape) for shape in (DecisionFields, DecisionState, StoredDecision))


@dataclass(frozen=True, kw_only=True)
class RecordStatusRequest:
    """The next state of a decision. `at`: ISO text of when it came, for `scheduled` of when the contact is planned;
    None: now. `playbook`: the rules in force, with its actions and quiet hours."""

    decision_id: str
    state: str
    at: str | None
    action: str | None
    reason: str | None
    verified: bool | None
    outcome: Any | None
    caller: Caller
    playbook: Playbook


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


def show_rep_plan(transaction: Transaction, rep_id: str, week: str, territory: Territory, language: str) -> RepPlan:
    """Return the decisions of a rep's week with their states, required ones first. Raises UnknownRecord.

    Accounts that object to automated recommendations are counted, not listed.
    """
    connection, zone = transaction.connection, transaction.time_zone
    if not is_rep(connection, rep_id, territory):
        raise UnknownRecord("rep", rep_id)
    rows = week_of_rep(connection, rep_id, week, territory)
    objecting = objecting_of_rep(connection, rep_id, territory)
    objecting |= {row["account_id"] for row in rows if row["objected_at"] is not None}
    decisions = [planned_decision(row, zone, language) for row in rows if row["objected_at"] is None]
    return RepPlan(rep_id=rep_id, week=week, preview=False, decisions=decisions, objected=len(objecting))


def record_status(transaction: Transaction, request: RecordStatusRequest, now: int) -> StatusTaken:
    """Append a state to a decision.

    Raises FaultyRequest where the state lacks something or lies in quiet hours, UnknownRecord, StateConflict where it
    cannot follow the present state.
    """
    refuse(list(_status_faults(request, now)))
    _decision(transaction, request.decision_id, request.caller.territory)
    state = _state_row(request, now)
    if request.state == "scheduled" and request.at is not None:
        _refuse_quiet_hours(request.playbook.limits.quiet_hours, state["at"], transaction.time_zone)
    try:
        row = add_state(transaction.connection, request.decision_id, state, now)
    except IllegalTransition as move:
        allowed = ", ".join(FOLLOWS[move.present]) or "nothing"
        raise StateConflict(
            f"The decision has the state {move.present}. The state {move.requested} cannot follow; allowed: {allowed}."
        ) from None
    shown = contract_fields(row, STATE_FIELDS, transaction.time_zone)
    content = {"decision_id": request.decision_id, "state": shown, "next": FOLLOWS[row["state"]]}
    return cast(StatusTaken, content)


def planned_decision(row: Row, zone: str, language: str) -> PlannedDecision:
    """Return a row of `serve.database.plans` with the states that may follow and its brief in a language."""
    brief = rendered_brief(stored_receipt(row), language)
    content = {**contract_fields(row, WEEK_FIELDS, zone), "next": FOLLOWS[row["state"]], "brief": brief}
    return cast(PlannedDecision, content)


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
    if request.state == "scheduled" and at > now + SCHEDULED_DAYS * DAY_US:
        yield RequestFault(("at",), f"{request.at!r} is more than {SCHEDULED_DAYS} days ahead")


def _state_row(request: RecordStatusRequest, now: int) -> dict[str, Any]:
    return {
        **{name: getattr(request, name) for name in ("state", "action", "reason", "verified")},
        "at": now if request.at is None else read_instant(request.at),
        "outcome": None if request.outcome is None else as_text(request.outcome),
        "by": request.caller.name,
    }


def _refuse_quiet_hours(hours: QuietHours, planned: int, zone: str) -> None:
    clock = moment_of(planned, zone).time()
    if hours.covers(clock):
        quiet = f"{hours.start:%H:%M} to {hours.end:%H:%M}"
        refuse([RequestFault(("at",), f"is {clock:%H:%M} in {zone}, within the quiet hours from {quiet}")])
