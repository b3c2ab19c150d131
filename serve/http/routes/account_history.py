"""`GET /v1/accounts/{account_id}/history`: past scores of an account with what moved them."""

from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.scores import AccountHistory
from serve.http.access import ReadsScores
from serve.http.cursors import read_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdInPath, Language, PageLimit, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import page_response
from serve.http.service_state import Service
from serve.usecases.maintain_accounts import ListPastScoresRequest, list_past_scores

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
    language: Language = None,
) -> Response:
    """The stored scores, the newest first, each with what moved it: the calendar (as if nothing had happened since),
    the data (what happened), the model. The parts add up to the difference."""
    before = None if cursor is None else read_cursor(_query(account_id), cursor, (int, str))
    request = ListPastScoresRequest(account_id, caller.territory, limit, before, language or service.language)
    return await run_in_threadpool(_show, service, request)


def _show(service: Service, request: ListPastScoresRequest) -> Response:
    with service.snapshot() as transaction:
        page = list_past_scores(transaction, request)
    return page_response("scores", page, _query(request.account_id), account_id=request.account_id)


def _query(account_id: str) -> tuple[str, str]:
    return ("history", account_id)
