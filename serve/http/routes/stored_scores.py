"""`GET /v1/scores`: the newest stored score of each account, as they were stored."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.scores import ScorePage
from serve.http.access import ReadsScores
from serve.http.cursors import read_cursor
from serve.http.dependencies import ServiceOf
from serve.http.instants import parse_past_instant
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.responses import page_response
from serve.http.score_query import ScoreQuery
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.late_commits import complete_until
from serve.usecases.list_scores import ScoreListing, list_scores

router = APIRouter(tags=["scores"])


@router.get(
    "/v1/scores",
    summary="List stored scores by when they were stored",
    response_model=ScorePage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_scores(service: ServiceOf, caller: ReadsScores, query: Annotated[ScoreQuery, Query()]) -> Response:
    """The newest stored score of each account that the caller may see, with reasons and warnings."""
    return await run_in_threadpool(_list, service, caller, query)


def _list(service: Service, caller: Caller, query: ScoreQuery) -> Response:
    now = service.clock()
    listing = ScoreListing(
        limit=query.limit,
        filters=query.filters,
        changed_since=parse_past_instant(query.changed_since, "changed_since", now),
        descending=query.sort.startswith("-"),
        after=None if query.cursor is None else read_cursor(query.sort_key, query.cursor, (int, str)),
    )
    with service.reading() as transaction:
        page = list_scores(transaction, listing, caller.territory, query.language or service.language)
        until = complete_until(now, transaction.time_zone)
    return page_response("scores", page, query.sort_key, complete_until=until)
