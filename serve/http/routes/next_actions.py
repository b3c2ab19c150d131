"""`POST /v1/next-actions`: recommend the next action of some accounts."""

from dataclasses import replace
from functools import partial

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.histories import AccountToScore
from kqml.contract.next_actions import NextActions
from kqml.history.builders import read_instant
from serve.http.access import ReadsDecisions
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.responses import json_response
from serve.http.schemas.next_actions import NextActionsBody
from serve.http.writing import Reply, Writing, as_reply, write_now, writing_of
from serve.usecases.database_access import Transaction
from serve.usecases.recommend_actions import DecidedMeanwhile
from serve.usecases.recommend_next_actions import (
    NextActionsRequest,
    RecommendedNextActions,
    commit_next_actions,
    decide_next_actions,
    recommend_next_actions,
)

router = APIRouter(tags=["recommendations"])


@router.post(
    "/v1/next-actions",
    name="recommend_next_actions",
    summary="Recommend the next action of accounts",
    response_model=NextActions,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(NextActionsBody),
)
async def recommend_the_next_actions(
    request: Request, service: ServiceOf, caller: ReadsDecisions, idempotency_key: IdempotencyKey = None
) -> Response:
    """Recommends the next action of each account, as of now or of `as_of`: required actions first, then what the week's
    plan gave the account, then the action that is worth most within the remaining hours of its rep.

    Nobody else's week is decided. With `commit` new actions are stored as decisions, if the caller has the scope
    `decisions:write`; otherwise, with `as_of` and for histories in the body the answer is a preview. An account with
    `events` is answered by that history alone, without the week of a rep."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_recommend, writing_of(request, service, caller, body, idempotency_key))


def _recommend(writing: Writing) -> Response:
    question = _request(writing)
    if not question.commits:
        return json_response(_planned(writing, question).content)
    try:
        return write_now(writing, partial(_commit, writing=writing, result=_planned(writing, question)))
    except DecidedMeanwhile:
        latest = replace(writing, now=writing.service.clock())
        return write_now(latest, partial(_decide, writing=latest, question=question))


def _planned(writing: Writing, question: NextActionsRequest) -> RecommendedNextActions:
    with writing.service.snapshot() as transaction:
        return recommend_next_actions(transaction, question, writing.now)


def _commit(transaction: Transaction, *, writing: Writing, result: RecommendedNextActions) -> Reply:
    writing.facts["decisions"] = commit_next_actions(transaction, result, writing.now)
    return as_reply(result.content)


def _decide(transaction: Transaction, *, writing: Writing, question: NextActionsRequest) -> Reply:
    result, writing.facts["decisions"] = decide_next_actions(transaction, question, writing.now)
    return as_reply(result.content)


def _request(writing: Writing) -> NextActionsRequest:
    body, service = parse_body(NextActionsBody, writing.body), writing.service
    live = service.served.state.live
    return NextActionsRequest(
        accounts=[AccountToScore(item.account_id, item.account, item.events) for item in body.accounts],
        as_of=_instant(body.as_of),
        caller=writing.caller,
        playbook=service.playbook,
        model=None if live is None else live.planning_model,
        language=body.language or service.language,
        commit=body.commit,
    )


def _instant(text: str | None) -> int | None:
    try:
        return None if text is None else read_instant(text)
    except ValueError as error:
        raise invalid_request([ProblemItem("#/as_of", f"{text!r} is not a valid date")]) from error
