"""`GET /v1/reps/{rep_id}/compliance`: how far a rep kept the cadence."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.duties import RepCompliance
from serve.http.access import ReadsAccounts
from serve.http.dependencies import IdInPath, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import json_response
from serve.http.service_state import Service
from serve.usecases.show_compliance import ShowComplianceRequest, show_compliance

MOST_MONTHS = 12

router = APIRouter(tags=["reps"])
Months = Annotated[int, Query(ge=1, le=MOST_MONTHS, description="How many months, the present one included.")]


@router.get(
    "/v1/reps/{rep_id}/compliance",
    name="show_compliance",
    summary="Show a rep's compliance",
    response_model=RepCompliance,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_the_compliance(
    service: ServiceOf, caller: ReadsAccounts, rep_id: IdInPath, months: Months = 3
) -> Response:
    """How far the rep kept the cadence of contacts by month, tier and channel, as known now, and how many accounts got
    too few or too many contacts."""
    request = ShowComplianceRequest(rep_id, months, service.playbook, caller.territory)
    return await run_in_threadpool(_show, service, request)


def _show(service: Service, request: ShowComplianceRequest) -> Response:
    now = service.clock()
    with service.snapshot() as transaction:
        return json_response(show_compliance(transaction, request, now))
