"""`GET /v1/reps/{rep_id}/plan`: what was decided for a rep's week, what became of it."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.fields import field_names
from kqml.contract.plans import RepPlan, StoredDecision
from serve.database.decisions import FOLLOWS
from serve.database.plans import is_rep, objecting_of_rep, week_of_rep
from serve.http.access import ReadsDecisions
from serve.http.dependencies import IdInPath, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem, not_found
from serve.http.service_state import Service
from serve.http.weeks import WEEK, requested_week
from serve.security.callers import Caller
from serve.usecases.stored_rows import contract_fields

router = APIRouter(tags=["reps"])
SHOWN = field_names(StoredDecision)
Week = Annotated[str | None, Query(pattern=WEEK, description="ISO week such as 2024-W07. Default: the present one.")]


@router.get(
    "/v1/reps/{rep_id}/plan",
    summary="Show a rep's week",
    response_model=RepPlan,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_plan(service: ServiceOf, caller: ReadsDecisions, rep_id: IdInPath, week: Week = None) -> Response:
    """The stored decisions of the week with their states, those that cannot wait first. Accounts that object to
    automated recommendations are counted, not told."""
    return await run_in_threadpool(_show, service, caller, rep_id, week)


def _show(service: Service, caller: Caller, rep_id: str, week: str | None) -> Response:
    with service.database.snapshot() as connection:
        if not is_rep(connection, rep_id, caller.territory):
            raise not_found(f"rep {rep_id!r}")
        zone = service.histories.time_zone(connection)
        name = requested_week(week, service.clock(), zone).week_name
        result = week_of_rep(connection, rep_id, name, caller.territory)
        withheld = objecting_of_rep(connection, rep_id, caller.territory)
    results = [decision_body(row, zone) for row in result if row["objected_at"] is None]
    objected = withheld | {row["account_id"] for row in result if row["objected_at"] is not None}
    content = {"rep_id": rep_id, "week": name, "decisions": results, "objected": len(objected)}
    return Response(orjson.dumps(content), media_type="application/json")


def decision_body(row: Mapping[str, Any], zone: str) -> dict[str, Any]:
    """One decision of a week, as a row of `serve.database.plans`."""
    receipt = receipt_of(row)
    brief = None if receipt is None else receipt.get("brief")
    return {**contract_fields(row, SHOWN, zone), "next": FOLLOWS[row["state"]], "brief": brief}


def receipt_of(row: Mapping[str, Any]) -> dict[str, Any] | None:
    """The receipt where it is an object, as ours are."""
    receipt = orjson.loads(row["receipt"]) if row["receipt"] else None
    return receipt if isinstance(receipt, dict) else None
