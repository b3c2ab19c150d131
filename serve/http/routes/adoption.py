"""`GET /v1/reports/adoption`: what became of the recommendations of some weeks."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.adoption import AdoptionReport
from kqml.errors import BadUse
from serve.http.access import ReadsDecisions
from serve.http.dependencies import ServiceOf
from serve.http.fields import Identifier
from serve.http.openapi import problems
from serve.http.problems import Problem, ProblemItem, invalid_request
from serve.http.responses import json_response
from serve.http.service_state import Service
from serve.http.weeks import WEEK, parse_week
from serve.usecases.report_adoption import ReportAdoptionRequest, report_adoption

router = APIRouter(tags=["reports"])
FirstWeek = Annotated[
    str | None, Query(pattern=WEEK, description="First ISO week. Default: three weeks before the last one.")
]
LastWeek = Annotated[str | None, Query(pattern=WEEK, description="Last ISO week. Default: the present one.")]
Rep = Annotated[Identifier | None, Query(description="Only the decisions of this rep.")]


@router.get(
    "/v1/reports/adoption",
    name="report_adoption",
    summary="Report the adoption of recommendations",
    response_model=AdoptionReport,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def report_the_adoption(
    service: ServiceOf,
    caller: ReadsDecisions,
    from_week: FirstWeek = None,
    to_week: LastWeek = None,
    rep: Rep = None,
) -> Response:
    """How many recommended actions were accepted, carried out, verified, overridden or ignored, by rep, week and
    action, with the overrides and their reasons. Only accounts that the caller may see count."""
    first, last = parse_week(from_week), parse_week(to_week)
    request = ReportAdoptionRequest(first, last, rep, service.playbook, caller.territory)
    return await run_in_threadpool(_report, service, request)


def _report(service: Service, request: ReportAdoptionRequest) -> Response:
    now = service.clock()
    with service.snapshot() as transaction:
        try:
            return json_response(report_adoption(transaction, request, now))
        except BadUse as error:
            detail = f"{error.faults[0].what}; {error.faults[0].todo}"
            raise invalid_request([ProblemItem("", detail, "from_week")]) from None
