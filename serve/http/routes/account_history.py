"""`GET /v1/accounts/{account_id}/history`: past scores of an account with what moved them."""

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.scores import AccountHistory
from serve.http.access import ReadsScores
from serve.http.cursors import read_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdInPath, PageLimit, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import page_response
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.maintain_accounts import list_past_scores

router = APIRouter(tags=["accounts"])


@router.get(
    "/v1/accounts/{account_id}/history",
    summary="Show past scores of an account",
    response_model=AccountHistory,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_history(
    service: ServiceOf,
    caller: ReadsScores,
    account_id: IdInPath,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The stored scores, the newest first, each with what moved it: the calendar (as if nothing had happened since),
    the data (what happened), the model. The parts add up to the difference."""
    return await run_in_threadpool(_show, service, caller, account_id, limit, cursor)


def _show(service: Service, caller: Caller, account_id: str, limit: int, cursor: str | None) -> Response:
    query = ("history", account_id)
    before = None if cursor is None else read_cursor(query, cursor, (int, str))
    with service.snapshot() as transaction:
        page = list_past_scores(transaction, account_id, caller.territory, limit, before)
    return page_response("scores", page, query, account_id=account_id)
