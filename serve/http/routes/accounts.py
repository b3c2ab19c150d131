"""`/v1/accounts`: what accounts are, put in by the CRM, listed by risk."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from kqml.contract.accounts import AccountFields, AccountPage, OneAccount
from kqml.contract.fields import field_names
from kqml.contract.records import RecordsPut
from serve.database.accounts import put_accounts
from serve.database.events import describe_later
from serve.database.idempotency import Reply
from serve.database.listing import Listing, list_accounts, read_account
from serve.database.records import read_rows
from serve.database.rejected_rows import RejectedRows
from serve.database.tables import ACCOUNTS
from serve.http.access import ReadsAccounts, WritesAccounts
from serve.http.account_query import AccountQuery
from serve.http.conditions import entity_tag, matches_tag, require_unchanged
from serve.http.cursors import read_cursor, write_cursor
from serve.http.dependencies import IdempotencyKey, IdInPath, IfMatch, IfNoneMatch, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, not_found
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.records import AccountBatch, AccountBody
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, distinct, pointing, pointing_to_one, tallied, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.stored_rows import contract_fields, stored_row
from serve.usecases.stored_scores import newest_full_score, short_score

router = APIRouter(tags=["accounts"])
SHOWN = field_names(AccountFields)
NUMBERS = ("churn_probability", "value_at_risk")


@router.get(
    "/v1/accounts",
    summary="List accounts by risk",
    response_model=AccountPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_accounts(
    service: ServiceOf, caller: ReadsAccounts, question: Annotated[AccountQuery, Query()]
) -> Response:
    """The accounts that the caller may see, with their newest stored scores; several values of a filter mean any."""
    return await run_in_threadpool(_list, service, caller, question)


def _list(service: Service, caller: Caller, question: AccountQuery) -> Response:
    name, place = question.sort.removeprefix("-"), question.place
    kinds = (float if name in NUMBERS else str, str)
    after = None if question.cursor is None else read_cursor(place, question.cursor, kinds)
    listing = Listing(name, question.sort.startswith("-"), question.limit, question.filters, after)
    with service.database.reading() as connection:
        page = list_accounts(connection, listing, caller.territory)
        zone = service.histories.time_zone(connection)
    following = None if page.last is None else write_cursor(place, page.last)
    accounts = [{**contract_fields(row, SHOWN, zone), "score": short_score(row, zone)} for row in page.rows]
    return Response(orjson.dumps({"accounts": accounts, "next_cursor": following}), media_type="application/json")


@router.get(
    "/v1/accounts/{account_id}",
    summary="Show one account",
    response_model=OneAccount,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE)
    | {304: {"description": "The sender has it already"}},
)
async def show_account(
    request: Request, service: ServiceOf, caller: ReadsAccounts, account_id: IdInPath, if_none_match: IfNoneMatch = None
) -> Response:
    """The account with its newest stored score, its reasons, its warnings. `ETag` names this very answer."""
    return await run_in_threadpool(_show, request, service, caller, account_id)


def _show(request: Request, service: Service, caller: Caller, account_id: str) -> Response:
    with service.database.snapshot() as connection:
        result = read_account(connection, account_id, caller.territory)
        if result is None:
            raise not_found(f"account {account_id!r}")
        reply = _one(connection, service, result)
    if matches_tag(request, reply.headers["etag"]):
        return Response(status_code=304, headers=dict(reply.headers))
    return Response(reply.body, headers=dict(reply.headers), media_type="application/json")


def _one(connection: Connection, service: Service, row: Mapping[str, Any], status: int = 200) -> Reply:
    zone = service.histories.time_zone(connection)
    tag = entity_tag(row["version"], row["score_cutoff"], row["score_model"])
    content = {**contract_fields(row, SHOWN, zone), "score": newest_full_score(connection, row, zone)}
    return as_reply(content, status, {"etag": tag})


@router.put(
    "/v1/accounts/{account_id}",
    summary="Say what an account is",
    response_model=OneAccount,
    responses=problems(Problem.CHANGED, Problem.NOT_FOUND, *BODY_PROBLEMS)
    | {201: {"description": "It was not there before", "model": OneAccount}},
    openapi_extra=request_body(AccountBody),
)
async def put_account(
    request: Request,
    service: ServiceOf,
    caller: WritesAccounts,
    account_id: IdInPath,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Replaces what is known of the account. A change of tier, owner, credit grade or status also becomes an event,
    unless the newest event of that kind says it already."""
    body = await read_json_bytes(request, service.body_limit)
    writing = writing_of(request, service, caller, body)
    return await run_in_threadpool(_put, request, writing, account_id)


def _put(request: Request, writing: Writing, account_id: str) -> Response:
    facts = stored_row(parse_body(AccountBody, writing.body).root)
    return write_now(
        writing, lambda connection: _put_one(connection, request, writing, {**facts, "account_id": account_id})
    )


def _put_one(connection: Connection, request: Request, writing: Writing, record: Mapping[str, Any]) -> Reply:
    name, territory = record["account_id"], writing.caller.territory
    known = name in read_rows(connection, ACCOUNTS, [name])
    describe_later(connection, [name], writing.now)
    before = read_rows(connection, ACCOUNTS, [name], lock=True)[name]
    if (known or before["described"]) and not territory.covers(before["owner_rep_id"]):
        raise not_found(f"account {name!r}")
    require_unchanged(request, before["version"] if before["described"] else None)
    try:
        put_accounts(connection, [record], writing.now, territory)
    except RejectedRows as rejected:
        raise pointing_to_one(rejected) from None
    result = read_account(connection, name, territory)
    assert result is not None
    return _one(connection, writing.service, result, 200 if known or before["described"] else 201)


@router.post(
    "/v1/accounts",
    summary="Say what many accounts are",
    response_model=RecordsPut,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(AccountBatch),
)
async def put_many_accounts(
    request: Request, service: ServiceOf, caller: WritesAccounts, idempotency_key: IdempotencyKey = None
) -> Response:
    """Up to 1,000 accounts, each replaced as by `PUT`; all of them or none."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_put_many, writing_of(request, service, caller, body, idempotency_key))


def _put_many(writing: Writing) -> Response:
    batch = parse_body(AccountBatch, writing.body)
    records = [stored_row(record) for record in batch.accounts]
    writing.facts["records"] = len(records)
    try:
        distinct(records, "account_id")
        return write_now(
            writing,
            lambda connection: tallied(put_accounts(connection, records, writing.now, writing.caller.territory)),
        )
    except RejectedRows as rejected:
        raise pointing(rejected, "accounts") from None
