"""`GET /v1/reports/grades`: how many accounts have each grade."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool

from kqml.contract.grades import GradeSummaryReport
from serve.http.access import ReadsAccounts
from serve.http.dependencies import ServiceOf
from serve.http.fields import Word
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import json_response
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.summarise_grades import summarise_grades

router = APIRouter(tags=["reports"])
VALUES_PER_FILTER = 100


class GradeReportQuery(BaseModel):
    """Several values of a filter match any of them; several filters must all match."""

    model_config = ConfigDict(extra="forbid")

    rep: list[Word] = Field([], max_length=VALUES_PER_FILTER, description="The owner's id.")
    tier: list[Literal["A", "B", "C"]] = Field([], max_length=VALUES_PER_FILTER)
    segment: list[Word] = Field([], max_length=VALUES_PER_FILTER)
    region: list[Word] = Field([], max_length=VALUES_PER_FILTER)

    @property
    def filters(self) -> dict[str, list[str]]:
        """The filters given, by name."""
        names = ("rep", "tier", "segment", "region")
        return {name: getattr(self, name) for name in names if getattr(self, name)}


@router.get(
    "/v1/reports/grades",
    summary="Count accounts by grade",
    response_model=GradeSummaryReport,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def report_the_grades(
    service: ServiceOf, caller: ReadsAccounts, query: Annotated[GradeReportQuery, Query()]
) -> Response:
    """How many accounts that the caller may see have each grade, as of the last scoring of all accounts. Accounts that
    object are left out."""
    return await run_in_threadpool(_report, service, caller, query)


def _report(service: Service, caller: Caller, query: GradeReportQuery) -> Response:
    with service.snapshot() as transaction:
        return json_response(summarise_grades(transaction, query.filters, caller.territory))
