"""`/v1/contacts`: the people at accounts; whatever is personal only for whoever may see it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from kqml.contract.accounts import Contact, ContactPage
from kqml.contract.fields import field_names
from kqml.contract.records import RecordsPut
from serve.database.contacts import list_contacts, put_contacts, read_contact
from serve.database.events import accounts_seen
from serve.database.idempotency import Reply
from serve.database.rejected_rows import RejectedRows
from serve.http.access import ReadsContacts, WritesContacts
from serve.http.cursors import read_cursor, write_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdempotencyKey, IdInPath, PageLimit, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, not_found
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.request_middleware import REQUEST_ID
from serve.http.schemas.records import ContactBatch, ContactBody
from serve.http.service_state import Service
from serve.http.writing import Writing, distinct, pointing, pointing_to_one, tallied, write_now, writing_of
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import ContactVault, MaskingVault
from serve.usecases.stored_rows import contract_fields, stored_row

router = APIRouter(tags=["contacts"])
SHOWN = field_names(Contact)
Row = Mapping[str, Any]


@router.get(
    "/v1/accounts/{account_id}/contacts",
    summary="List the contacts of an account",
    response_model=ContactPage,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_contacts(
    request: Request,
    service: ServiceOf,
    caller: ReadsContacts,
    account_id: IdInPath,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """The people at an account, by id. Personal fields are null without the scope to see them."""
    after = None if cursor is None else str(read_cursor(account_id, cursor, (str,))[0])

    def read(connection: Connection) -> bytes:
        if not accounts_seen(connection, [account_id], caller.territory):
            raise not_found(f"account {account_id!r}")
        result = list_contacts(connection, account_id, _vault(service, caller), limit + 1, after)
        page = result[:limit]
        following = write_cursor(account_id, (page[-1]["contact_id"],)) if len(result) > limit else None
        contacts = _seen(connection, service, caller, request, page)
        return orjson.dumps({"contacts": contacts, "next_cursor": following})

    return await run_in_threadpool(_read, service, caller, read)


@router.get(
    "/v1/contacts/{contact_id}",
    summary="Show one contact",
    response_model=Contact,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_contact(request: Request, service: ServiceOf, caller: ReadsContacts, contact_id: IdInPath) -> Response:
    """The person. Personal fields are null without the scope to see them; that they were seen is noted."""

    def read(connection: Connection) -> bytes:
        result = read_contact(connection, contact_id, caller.territory, _vault(service, caller))
        if result is None:
            raise not_found(f"contact {contact_id!r}")
        return orjson.dumps(_seen(connection, service, caller, request, [result])[0])

    return await run_in_threadpool(_read, service, caller, read)


def _vault(service: Service, caller: Caller) -> ContactVault | MaskingVault:
    """What is not to be seen is not opened."""
    return ContactVault(service.sealer) if Scope.SEE_PERSONAL in caller.scopes else MaskingVault()


def _read(service: Service, caller: Caller, read: Callable[[Connection], bytes]) -> Response:
    """In a writing transaction where personal fields are seen, for that is noted."""
    noted = Scope.SEE_PERSONAL in caller.scopes
    with service.database.writing() if noted else service.database.snapshot() as connection:
        return Response(read(connection), media_type="application/json")


def _seen(
    connection: Connection, service: Service, caller: Caller, request: Request, rows: Sequence[Row]
) -> list[dict[str, Any]]:
    """The contacts as the caller may see them; who sees personal fields leaves a note."""
    if Scope.SEE_PERSONAL in caller.scopes:
        events = [AuditEvent("contact.read", "contact", row["contact_id"]) for row in rows]
        record_event(connection, Actor(caller.name, request.scope[REQUEST_ID]), events, service.clock())
    zone = service.histories.time_zone(connection)
    return [contract_fields(row, SHOWN, zone) for row in rows]


@router.put(
    "/v1/contacts/{contact_id}",
    summary="Say who a contact is",
    response_model=RecordsPut,
    responses=problems(*BODY_PROBLEMS),
    openapi_extra=request_body(ContactBody),
)
async def put_contact(request: Request, service: ServiceOf, caller: WritesContacts, contact_id: IdInPath) -> Response:
    """Replaces what is known of the person; answers without the personal fields. An erased contact stays erased."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_put, writing_of(request, service, caller, body), contact_id)


def _put(writing: Writing, contact_id: str) -> Response:
    facts = stored_row(parse_body(ContactBody, writing.body).root)
    try:
        return write_now(writing, lambda found: _retained(found, writing, [{**facts, "contact_id": contact_id}]))
    except RejectedRows as rejected:
        raise pointing_to_one(rejected) from None


def _retained(connection: Connection, writing: Writing, records: Sequence[Row]) -> Reply:
    vault = ContactVault(writing.service.sealer)
    return tallied(put_contacts(connection, records, writing.now, writing.caller.territory, vault))


@router.post(
    "/v1/contacts",
    summary="Say who many contacts are",
    response_model=RecordsPut,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(ContactBatch),
)
async def put_many_contacts(
    request: Request, service: ServiceOf, caller: WritesContacts, idempotency_key: IdempotencyKey = None
) -> Response:
    """Up to 1,000 contacts, each replaced as by `PUT`; all of them or none."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_put_many, writing_of(request, service, caller, body, idempotency_key))


def _put_many(writing: Writing) -> Response:
    records = [stored_row(one) for one in parse_body(ContactBatch, writing.body).contacts]
    writing.facts["records"] = len(records)
    writing.subjects.extend(one["contact_id"] for one in records)
    try:
        distinct(records, "contact_id")
        return write_now(writing, lambda connection: _retained(connection, writing, records))
    except RejectedRows as rejected:
        raise pointing(rejected, "contacts") from None
