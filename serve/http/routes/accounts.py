"""`/v1/accounts`: list accounts by risk, show them, put them in."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.accounts import AccountPage, OneAccount
from kqml.contract.records import RecordsPut
from serve.http.access import ReadsAccounts, WritesAccounts
from serve.http.account_query import AccountQuery
from serve.http.conditions import entity_tag, matches_tag, require_unchanged
from serve.http.cursors import read_cursor
from serve.http.dependencies import IdempotencyKey, IdInPath, IfMatch, IfNoneMatch, Language, ServiceOf
from serve.http.instants import parse_past_instant
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.responses import page_response
from serve.http.schemas.records import AccountBatch, AccountBody, AccountPatch
from serve.http.service_state import Service
from serve.http.writing import Reply, Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.database_access import Transaction
from serve.usecases.late_commits import complete_until
from serve.usecases.list_accounts import ListAccountsRequest, Listing, list_accounts
from serve.usecases.maintain_accounts import (
    PutAccountRequest,
    ShownAccount,
    patch_account,
    put_account,
    put_accounts,
    show_account,
)
from serve.usecases.maintain_records import PutRecordsRequest

router = APIRouter(tags=["accounts"])
NUMBERS = ("churn_probability", "value_at_risk", "emotional_balance")


@router.get(
    "/v1/accounts",
    summary="List accounts by risk",
    response_model=AccountPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_accounts(
    service: ServiceOf, caller: ReadsAccounts, query: Annotated[AccountQuery, Query()]
) -> Response:
    """The accounts that the caller may see, each with its newest stored score and grades, the open action of this week
    and the last contact; several values of a filter mean any."""
    return await run_in_threadpool(_list, service, caller, query)


def _list(service: Service, caller: Caller, query: AccountQuery) -> Response:
    name = query.sort.removeprefix("-")
    types = (float if name in NUMBERS else str, str)
    now = service.clock()
    listing = Listing(
        sort=name,
        descending=query.sort.startswith("-"),
        limit=query.limit,
        filters=query.filters,
        thresholds=query.thresholds,
        search=query.search,
        changed_since=parse_past_instant(query.changed_since, "changed_since", now),
        after=None if query.cursor is None else read_cursor(query.sort_key, query.cursor, types),
    )
    request = ListAccountsRequest(listing, caller, now, query.language or service.language)
    with service.snapshot() as transaction:
        page = list_accounts(transaction, request)
        until = complete_until(now, transaction.time_zone)
    return page_response("accounts", page, query.sort_key, complete_until=until)


@router.get(
    "/v1/accounts/{account_id}",
    name="show_account",
    summary="Show one account",
    response_model=OneAccount,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE)
    | {304: {"description": "The client has this version already"}},
)
async def show_the_account(
    request: Request,
    service: ServiceOf,
    caller: ReadsAccounts,
    account_id: IdInPath,
    if_none_match: IfNoneMatch = None,
    language: Language = None,
) -> Response:
    """The account with its newest stored score, its reasons and warnings. `ETag` identifies this response."""
    read = partial(
        show_account, account_id=account_id, territory=caller.territory, language=language or service.language
    )
    return await run_in_threadpool(_show, request, service, read)


def _show(request: Request, service: Service, read: Callable[[Transaction], ShownAccount]) -> Response:
    with service.snapshot() as transaction:
        account = read(transaction)
    reply = _account_reply(account)
    if matches_tag(request, reply.headers["etag"]):
        return Response(status_code=304, headers=dict(reply.headers))
    return Response(reply.body, headers=dict(reply.headers), media_type="application/json")


def _account_reply(account: ShownAccount) -> Reply:
    return as_reply(account.content, 201 if account.created else 200, {"etag": entity_tag(*account.revision)})


@router.put(
    "/v1/accounts/{account_id}",
    name="put_account",
    summary="Replace an account",
    response_model=OneAccount,
    responses=problems(Problem.CHANGED, Problem.NOT_FOUND, *BODY_PROBLEMS)
    | {201: {"description": "The account was created", "model": OneAccount}},
    openapi_extra=request_body(AccountBody),
)
async def put_the_account(
    request: Request,
    service: ServiceOf,
    caller: WritesAccounts,
    account_id: IdInPath,
    if_match: IfMatch = None,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """Replaces the stored account. A change of tier, owner, credit grade or status also becomes an event, unless the
    newest event of that kind records it already."""
    body = await read_json_bytes(request, service.body_limit)
    writing = writing_of(request, service, caller, body)
    return await run_in_threadpool(_put, request, writing, account_id)


def _put_request(request: Request, writing: Writing, account_id: str, fields: Mapping[str, Any]) -> PutAccountRequest:
    return PutAccountRequest(
        account_id=account_id,
        fields=fields,
        caller=writing.caller,
        now=writing.now,
        check_version=lambda version: require_unchanged(request, version),
        language=writing.service.language,
    )


def _put(request: Request, writing: Writing, account_id: str) -> Response:
    account = _put_request(request, writing, account_id, parse_body(AccountBody, writing.body).root)
    return write_now(writing, lambda transaction: _account_reply(put_account(transaction, account)))


@router.patch(
    "/v1/accounts/{account_id}",
    name="patch_account",
    summary="Change fields of an account",
    response_model=OneAccount,
    responses=problems(Problem.CHANGED, Problem.NOT_FOUND, *BODY_PROBLEMS),
    openapi_extra=request_body(AccountPatch),
)
async def patch_the_account(
    request: Request,
    service: ServiceOf,
    caller: WritesAccounts,
    account_id: IdInPath,
    if_match: IfMatch = None,
) -> Response:
    """Changes the fields given (JSON merge patch, RFC 7396): null makes a field unknown, `attributes` are merged. The
    change becomes an event as with `PUT`."""
    body = await read_json_bytes(request, service.body_limit)
    writing = writing_of(request, service, caller, body)
    return await run_in_threadpool(_patch, request, writing, account_id)


def _patch(request: Request, writing: Writing, account_id: str) -> Response:
    changes = _put_request(request, writing, account_id, parse_body(AccountPatch, writing.body).root)
    return write_now(writing, lambda transaction: _account_reply(patch_account(transaction, changes)))


@router.post(
    "/v1/accounts",
    summary="Replace many accounts",
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
    records = parse_body(AccountBatch, writing.body).accounts
    writing.facts["records"] = len(records)
    request = PutRecordsRequest(records, writing.caller, writing.now, "accounts")
    return write_now(writing, lambda transaction: as_reply(put_accounts(transaction, request)))
