"""`GET /v1/reps/{rep_id}/portfolio`: what a rep looks after, and what is open there."""

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.portfolios import Portfolio
from serve.http.access import ReadsAccounts
from serve.http.dependencies import IdInPath, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import json_response
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.show_portfolio import show_portfolio

router = APIRouter(tags=["reps"])


@router.get(
    "/v1/reps/{rep_id}/portfolio",
    name="show_portfolio",
    summary="Show a rep's portfolio",
    response_model=Portfolio,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_the_portfolio(service: ServiceOf, caller: ReadsAccounts, rep_id: IdInPath) -> Response:
    """The rep's active accounts, the largest value at risk first, with the open promises, complaints and appointments
    that a successor takes over."""
    return await run_in_threadpool(_show, service, caller, rep_id)


def _show(service: Service, caller: Caller, rep_id: str) -> Response:
    now = service.clock()
    with service.snapshot() as transaction:
        return json_response(show_portfolio(transaction, rep_id, caller.territory, service.playbook, now))
