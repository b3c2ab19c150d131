"""The routes of the rights that people have against automated decisions (PIPL art. 24): explanation, objection, a
person's review."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection, RowMapping
from starlette.concurrency import run_in_threadpool

from kqml.contract.fields import field_names
from kqml.contract.rights import Explanation, Objection, Review, ReviewPage
from kqml.messages import catalogue
from serve.database.events import accounts_seen
from serve.database.idempotency import Reply
from serve.database.territory import Territory
from serve.http.access import AnswersReviews, UsesRights
from serve.http.cursors import read_cursor, write_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdempotencyKey, IdInPath, Language, PageLimit, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemError, ProblemItem, invalid_request, not_found
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.rights import AnswerBody, ReviewBody
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller
from serve.security.objections_and_reviews import (
    ReviewSubject,
    add_review,
    answer_review,
    find_objection,
    is_decision_of,
    latest_decisions,
    latest_reviews,
    list_reviews,
    newest_score,
    read_review,
    set_objection,
)
from serve.usecases.stored_rows import contract_fields
from serve.usecases.stored_scores import full_score

router = APIRouter(tags=["rights"])
Row = RowMapping | Mapping[str, Any]
REVIEW = field_names(Review)
_READS = (Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE)


@router.get(
    "/v1/accounts/{account_id}/explanation",
    summary="Explain what is decided by machine",
    response_model=Explanation,
    responses=problems(*_READS),
)
async def explain_account(
    service: ServiceOf, caller: UsesRights, account_id: IdInPath, language: Language = None
) -> Response:
    """The newest score with its reasons, the latest recommendations, how both come about, what may be asked for."""
    return await run_in_threadpool(_explain, service, caller, account_id, language or service.language)


def _explain(service: Service, caller: Caller, account_id: str, language: str) -> Response:
    with service.database.snapshot() as connection:
        _require_account(connection, account_id, caller.territory)
        zone = service.histories.time_zone(connection)
        newest = newest_score(connection, account_id)
        content = {
            "account_id": account_id,
            "objected_at": _moment(find_objection(connection, account_id), zone),
            "statement": list(catalogue("rights", language)["statement"].values()),
            "score": None if newest is None else full_score(dict(newest), zone),
            "decisions": [_decision(row, zone) for row in latest_decisions(connection, account_id)],
            "reviews": [_review(row, zone) for row in latest_reviews(connection, account_id)],
        }
    return Response(orjson.dumps(content), media_type="application/json")


@router.put(
    "/v1/accounts/{account_id}/objection",
    summary="Object to automated recommendations",
    response_model=Objection,
    responses=problems(*_READS),
)
async def object_for_account(
    request: Request, service: ServiceOf, caller: UsesRights, account_id: IdInPath
) -> Response:
    """From now on the account is neither scored nor is anything recommended for it by machine."""
    writing = writing_of(request, service, caller, b"")
    return await run_in_threadpool(_object, writing, account_id, writing.now)


@router.delete(
    "/v1/accounts/{account_id}/objection",
    summary="Take an objection back",
    response_model=Objection,
    responses=problems(*_READS),
)
async def withdraw_objection(
    request: Request, service: ServiceOf, caller: UsesRights, account_id: IdInPath
) -> Response:
    """Scores and recommendations are made again."""
    return await run_in_threadpool(_object, writing_of(request, service, caller, b""), account_id, None)


def _object(writing: Writing, account_id: str, at: int | None) -> Response:
    def work(connection: Connection) -> Reply:
        _require_account(connection, account_id, writing.caller.territory)
        zone = writing.service.histories.time_zone(connection)
        since = set_objection(connection, account_id, at)
        return as_reply({"account_id": account_id, "objected_at": _moment(since, zone)})

    return write_now(writing, work)


@router.post(
    "/v1/accounts/{account_id}/reviews",
    summary="Ask for a person's review",
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
    """Puts the account, or one decision about it, into the queue of a person."""
    body = await read_json_bytes(request, service.body_limit)
    writing = writing_of(request, service, caller, body, idempotency_key)
    return await run_in_threadpool(_ask, writing, account_id)


def _ask(writing: Writing, account_id: str) -> Response:
    text = parse_body(ReviewBody, writing.body)
    asking = ReviewSubject(account_id, text.decision_id, text.note, writing.caller.name)

    def work(connection: Connection) -> Reply:
        _require_account(connection, account_id, writing.caller.territory)
        if text.decision_id is not None and not is_decision_of(connection, text.decision_id, account_id):
            raise invalid_request(
                [ProblemItem("#/decision_id", f"decision {text.decision_id!r} about this account does not exist")]
            )
        row = add_review(connection, asking, writing.now)
        return as_reply(_review(row, writing.service.histories.time_zone(connection)), 201)

    return write_now(writing, work)


@router.get(
    "/v1/reviews",
    summary="List the reviews asked for",
    response_model=ReviewPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_reviews(
    service: ServiceOf,
    caller: AnswersReviews,
    which: Annotated[Literal["open", "all"], Query(description="Those that nobody has answered, or all.")] = "open",
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The queue, the oldest first."""
    return await run_in_threadpool(_list, service, caller, which, limit, cursor)


def _list(service: Service, caller: Caller, which: str, limit: int, cursor: str | None) -> Response:
    place = ("reviews", which)
    after = None if cursor is None else read_cursor(place, cursor, (int, str))
    with service.database.reading() as connection:
        result = list_reviews(connection, caller.territory, which == "open", limit + 1, after)
        zone = service.histories.time_zone(connection)
    page = result[:limit]
    following = write_cursor(place, (page[-1]["asked_at"], page[-1]["review_id"])) if len(result) > limit else None
    content = {"reviews": [_review(row, zone) for row in page], "next_cursor": following}
    return Response(orjson.dumps(content), media_type="application/json")


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
    """Says what the person found; once."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_answer, writing_of(request, service, caller, body), review_id)


def _answer(writing: Writing, review_id: str) -> Response:
    text = parse_body(AnswerBody, writing.body)

    def work(connection: Connection) -> Reply:
        result = read_review(connection, review_id, writing.caller.territory)
        if result is None:
            raise not_found(f"review {review_id!r}")
        if result["resolved_at"] is not None:
            raise ProblemError(Problem.CONFLICT, "The review already has an answer.")
        row = answer_review(connection, result, text.answer, writing.caller.name, writing.now)
        return as_reply(_review(row, writing.service.histories.time_zone(connection)))

    return write_now(writing, work)


def _require_account(connection: Connection, account_id: str, territory: Territory) -> None:
    if not accounts_seen(connection, [account_id], territory):
        raise not_found(f"account {account_id!r}")


def _review(row: Row, zone: str) -> dict[str, Any]:
    moments = {name: _moment(row[name], zone) for name in ("asked_at", "resolved_at")}
    return {**{name: row[name] for name in REVIEW}, **moments}


def _decision(row: Row, zone: str) -> dict[str, Any]:
    return {
        **{name: row[name] for name in ("decision_id", "week", "policy", "playbook", "model")},
        "decided_at": _moment(row["recorded_at"], zone),
        "action": row["assigned"],
        "eligible": orjson.loads(row["eligible"]),
        "blocked": orjson.loads(row["blocked"]),
        "by_chance": row["explored"],
    }


def _moment(instant: int | None, zone: str) -> Any:
    return contract_fields({"at": instant}, ["at"], zone)["at"]
