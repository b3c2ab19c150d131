"""`GET /v1/accounts/{account_id}/history`: how an account's score moved, why."""

import orjson
from fastapi import APIRouter, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.scores import AccountHistory
from serve.database.events import accounts_seen
from serve.database.scores import list_scores
from serve.http.access import ReadsScores
from serve.http.cursors import read_cursor, write_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdInPath, PageLimit, ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem, not_found
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.stored_scores import past_score

router = APIRouter(tags=["accounts"])


@router.get(
    "/v1/accounts/{account_id}/history",
    summary="Show how an account's score moved",
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
    question = ("history", account_id)
    before = None if cursor is None else read_cursor(question, cursor, (int, str))
    with service.database.snapshot() as connection:
        if not accounts_seen(connection, [account_id], caller.territory):
            raise not_found(f"account {account_id!r}")
        result = list_scores(connection, account_id, caller.territory, limit + 1, before)
        zone = service.histories.time_zone(connection)
    page = result[:limit]
    last = (page[-1]["cutoff"], page[-1]["model"]) if len(result) > limit else None
    following = None if last is None else write_cursor(question, last)
    content = {"account_id": account_id, "scores": [past_score(row, zone) for row in page], "next_cursor": following}
    return Response(orjson.dumps(content), media_type="application/json")
