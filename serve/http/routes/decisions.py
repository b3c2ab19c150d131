"""`/v1/decisions`: the receipt of a decision, what became of it."""

from collections.abc import Mapping
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from kqml.calendar.business_time import moment_of
from kqml.contract.decisions import DecisionFields, DecisionState, Receipt, StatusTaken
from kqml.contract.fields import field_names
from kqml.history.builders import read_instant
from kqml.playbook.contact import QuietHours
from serve.database.decisions import FOLLOWS, NEEDS_OUTCOME, NEEDS_REASON, IllegalTransition, add_state, read_decision
from serve.database.idempotency import Reply
from serve.database.learned import columns_named
from serve.http.access import ReadsDecisions, WritesDecisions
from serve.http.dependencies import IdempotencyKey, IdInPath, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemError, ProblemItem, invalid_request, not_found
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.decisions import StatusBody
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.stored_rows import as_text, contract_fields

router = APIRouter(tags=["decisions"])
SHOWN = field_names(DecisionFields)
STATE_SHOWN = field_names(DecisionState)


@router.get(
    "/v1/decisions/{decision_id}",
    summary="Show the receipt of a decision",
    response_model=Receipt,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_decision(service: ServiceOf, caller: ReadsDecisions, decision_id: IdInPath) -> Response:
    """What was decided from what, by which versions, with which probability; then what became of it."""
    return await run_in_threadpool(_show, service, caller, decision_id)


def _show(service: Service, caller: Caller, decision_id: str) -> Response:
    with service.database.snapshot() as connection:
        result = read_decision(connection, decision_id, caller.territory)
        if result is None:
            raise not_found(f"decision {decision_id!r}")
        zone = service.histories.time_zone(connection)
        result = {**result, "features": _features(connection, result)}
    state = result["states"][-1]["state"]
    content = {
        **contract_fields(result, SHOWN, zone),
        "state": state,
        "next": FOLLOWS[state],
        "states": [contract_fields(row, STATE_SHOWN, zone) for row in result["states"]],
    }
    return Response(orjson.dumps(content), media_type="application/json")


def _features(connection: Connection, result: Mapping[str, Any]) -> str | None:
    """The feature row as a JSON object: of our own plans the numbers alone are stored."""
    text = result["features"]
    if text is None or not text.startswith("["):
        return None if text is None else str(text)
    receipt = orjson.loads(result["receipt"] or "{}")
    names = columns_named(connection, receipt.get("learned") or "")
    return orjson.dumps(dict(zip(names, orjson.loads(text), strict=True))).decode()


@router.post(
    "/v1/decisions/{decision_id}/status",
    summary="Say what became of a decision",
    response_model=StatusTaken,
    responses=problems(Problem.NOT_FOUND, Problem.CONFLICT, Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(StatusBody),
)
async def take_status(
    request: Request,
    service: ServiceOf,
    caller: WritesDecisions,
    decision_id: IdInPath,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """recommended → accepted or rejected → scheduled → done or failed → verified → outcome; a state that may not
    follow is a 409. Send an `Idempotency-Key`, for the same state twice is a 409, too."""
    body = await read_json_bytes(request, service.body_limit)
    writing = writing_of(request, service, caller, body, idempotency_key)
    return await run_in_threadpool(_take, writing, decision_id)


def _take(writing: Writing, decision_id: str) -> Response:
    status = parse_body(StatusBody, writing.body)
    state = _state(status, writing)
    planned = state["at"] if status.state == "scheduled" and status.at is not None else None
    return write_now(writing, lambda connection: _retained(connection, writing, decision_id, state, planned))


def _retained(
    connection: Connection, writing: Writing, decision_id: str, state: Mapping[str, Any], planned: int | None
) -> Reply:
    """`planned`: the instant for which a contact is scheduled, where the caller names one."""
    if read_decision(connection, decision_id, writing.caller.territory) is None:
        raise not_found(f"decision {decision_id!r}")
    zone = writing.service.histories.time_zone(connection)
    if planned is not None:
        _refuse_quiet_hours(writing.service.playbook.limits.quiet_hours, planned, zone)
    try:
        row = add_state(connection, decision_id, state, writing.now)
    except IllegalTransition as move:
        allowed = ", ".join(FOLLOWS[move.present]) or "nothing"
        detail = (
            f"The decision has the state {move.present}. The state {move.requested} cannot follow; allowed: {allowed}."
        )
        raise ProblemError(Problem.CONFLICT, detail) from None
    following = FOLLOWS[row["state"]]
    return as_reply({"decision_id": decision_id, "state": contract_fields(row, STATE_SHOWN, zone), "next": following})


def _refuse_quiet_hours(hours: QuietHours, planned: int, zone: str) -> None:
    clock = moment_of(planned, zone).time()
    if hours.covers(clock):
        quiet = f"{hours.start:%H:%M} to {hours.end:%H:%M}"
        raise invalid_request([ProblemItem("#/at", f"is {clock:%H:%M} in {zone}, within the quiet hours from {quiet}")])


def _state(status: StatusBody, writing: Writing) -> dict[str, Any]:
    """The row of a status. Raises ProblemError with what it lacks."""
    faults = []
    if status.state in NEEDS_REASON and status.reason is None:
        faults.append(ProblemItem("#/reason", f"is missing: the state {status.state} requires a reason"))
    if status.state in NEEDS_OUTCOME and status.outcome is None:
        faults.append(ProblemItem("#/outcome", "is missing: the state outcome requires it"))
    try:
        at = writing.now if status.at is None else read_instant(status.at)
    except ValueError:
        faults.append(ProblemItem("#/at", f"{status.at!r} is not a valid date"))
    if faults:
        raise invalid_request(faults)
    outcome = None if status.outcome is None else as_text(status.outcome)
    facts = {name: getattr(status, name) for name in ("state", "action", "reason", "verified")}
    return {**facts, "at": at, "outcome": outcome, "by": writing.caller.name}
