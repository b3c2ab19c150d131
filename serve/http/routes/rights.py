"""The routes of the rights that people have against automated decisions (PIPL art. 24): explanation, objection, a
person's review."""

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.rights import Explanation, Objection, Review, ReviewPage
from serve.http.access import AnswersReviews, UsesRights
from serve.http.cursors import read_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdempotencyKey, IdInPath, Language, PageLimit, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.responses import json_response, page_response
from serve.http.schemas.rights import AnswerBody, ReviewBody
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.exercise_rights import (
    ListReviewsRequest,
    ReviewRequest,
    answer_review,
    explain_account,
    list_reviews,
    request_review,
    set_objection,
)

router = APIRouter(tags=["rights"])
_READS = (Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE)


@router.get(
    "/v1/accounts/{account_id}/explanation",
    name="explain_account",
    summary="Explain automated decisions",
    response_model=Explanation,
    responses=problems(*_READS),
)
async def explain_the_account(
    service: ServiceOf, caller: UsesRights, account_id: IdInPath, language: Language = None
) -> Response:
    """The newest score with its reasons, the latest recommendations, how both are made, the rights of the person."""
    return await run_in_threadpool(_explain, service, caller, account_id, language or service.language)


def _explain(service: Service, caller: Caller, account_id: str, language: str) -> Response:
    with service.snapshot() as transaction:
        explanation = explain_account(transaction, account_id, caller.territory, language)
    return json_response(explanation)


@router.put(
    "/v1/accounts/{account_id}/objection",
    summary="Object to automated recommendations",
    response_model=Objection,
    responses=problems(*_READS),
)
async def object_for_account(
    request: Request, service: ServiceOf, caller: UsesRights, account_id: IdInPath
) -> Response:
    """From now on kqml neither scores the account nor recommends actions for it."""
    writing = writing_of(request, service, caller, b"")
    return await run_in_threadpool(_object, writing, account_id, writing.now)


@router.delete(
    "/v1/accounts/{account_id}/objection",
    summary="Withdraw an objection",
    response_model=Objection,
    responses=problems(*_READS),
)
async def withdraw_objection(
    request: Request, service: ServiceOf, caller: UsesRights, account_id: IdInPath
) -> Response:
    """From now on kqml scores the account and recommends actions for it again."""
    return await run_in_threadpool(_object, writing_of(request, service, caller, b""), account_id, None)


def _object(writing: Writing, account_id: str, at: int | None) -> Response:
    territory = writing.caller.territory
    return write_now(writing, lambda transaction: as_reply(set_objection(transaction, account_id, territory, at)))


@router.post(
    "/v1/accounts/{account_id}/reviews",
    summary="Request a review",
    status_code=201,
    response_model=Review,
    responses=problems(Problem.NOT_FOUND, Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(ReviewBody),
)
async def ask_for_review(
    request: Request,
    service: ServiceOf,
    caller: UsesRights,
    account_id: IdInPath,
    idempotency_key: IdempotencyKey = None,
) -> Response:
    """Adds the account, or one decision about it, to the queue of reviews."""
    body = await read_json_bytes(request, service.body_limit)
    writing = writing_of(request, service, caller, body, idempotency_key)
    return await run_in_threadpool(_ask, writing, account_id)


def _ask(writing: Writing, account_id: str) -> Response:
    body = parse_body(ReviewBody, writing.body)
    request = ReviewRequest(account_id, body.decision_id, body.note, writing.caller)
    return write_now(writing, lambda transaction: as_reply(request_review(transaction, request, writing.now), 201))


@router.get(
    "/v1/reviews",
    summary="List reviews",
    response_model=ReviewPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_reviews(
    service: ServiceOf,
    caller: AnswersReviews,
    which: Annotated[Literal["open", "all"], Query(description="Only unanswered reviews, or all.")] = "open",
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The queue, the oldest first."""
    return await run_in_threadpool(_list, service, caller, which, limit, cursor)


def _list(service: Service, caller: Caller, which: str, limit: int, cursor: str | None) -> Response:
    query = ("reviews", which)
    after = None if cursor is None else read_cursor(query, cursor, (int, str))
    request = ListReviewsRequest(caller.territory, which == "open", limit, after)
    with service.reading() as transaction:
        page = list_reviews(transaction, request)
    return page_response("reviews", page, query)


@router.post(
    "/v1/reviews/{review_id}/answer",
    summary="Answer a review",
    response_model=Review,
    responses=problems(Problem.NOT_FOUND, Problem.CONFLICT, *BODY_PROBLEMS),
    openapi_extra=request_body(AnswerBody),
)
async def answer_a_review(
    request: Request, service: ServiceOf, caller: AnswersReviews, review_id: IdInPath
) -> Response:
    """Records the answer of the person. A review is answered once."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_answer, writing_of(request, service, caller, body), review_id)


def _answer(writing: Writing, review_id: str) -> Response:
    answer, caller = parse_body(AnswerBody, writing.body).answer, writing.caller
    return write_now(
        writing, lambda transaction: as_reply(answer_review(transaction, review_id, answer, caller, writing.now))
    )
