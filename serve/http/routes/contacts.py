"""`/v1/contacts`: list, show and put in the people at accounts."""

from contextlib import AbstractContextManager

from fastapi import APIRouter, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.accounts import Contact, ContactPage
from kqml.contract.records import RecordsPut
from serve.http.access import ReadsContacts, WritesContacts
from serve.http.cursors import read_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdempotencyKey, IdInPath, PageLimit, ServiceOf
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.request_middleware import REQUEST_ID
from serve.http.responses import json_response, page_response
from serve.http.schemas.records import ContactBatch, ContactBody, ContactPatch
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller
from serve.usecases.database_access import Transaction
from serve.usecases.maintain_contacts import ContactReader, list_contacts, patch_contact, put_contacts, show_contact
from serve.usecases.maintain_records import PutRecordsRequest

router = APIRouter(tags=["contacts"])


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
    """The contacts of an account, by id. Personal fields are null without the scope to see them."""
    after = None if cursor is None else str(read_cursor(account_id, cursor, (str,))[0])
    reader = _reader(request, service, caller)

    def read() -> Response:
        with _reading(service, reader) as transaction:
            page = list_contacts(transaction, reader, account_id, limit, after)
        return page_response("contacts", page, account_id)

    return await run_in_threadpool(read)


@router.get(
    "/v1/contacts/{contact_id}",
    name="show_contact",
    summary="Show one contact",
    response_model=Contact,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def show_the_contact(
    request: Request, service: ServiceOf, caller: ReadsContacts, contact_id: IdInPath
) -> Response:
    """The contact. Personal fields are null without the scope to see them; each reading of them is audited."""
    reader = _reader(request, service, caller)

    def read() -> Response:
        with _reading(service, reader) as transaction:
            contact = show_contact(transaction, reader, contact_id)
        return json_response(contact)

    return await run_in_threadpool(read)


def _reader(request: Request, service: Service, caller: Caller) -> ContactReader:
    return ContactReader(caller, request.scope[REQUEST_ID], service.cipher, service.clock())


def _reading(service: Service, reader: ContactReader) -> AbstractContextManager[Transaction]:
    """A writing transaction where personal fields are read, because that is recorded."""
    return service.writing() if reader.sees_personal else service.snapshot()


@router.put(
    "/v1/contacts/{contact_id}",
    summary="Replace a contact",
    response_model=RecordsPut,
    responses=problems(*BODY_PROBLEMS),
    openapi_extra=request_body(ContactBody),
)
async def put_contact(request: Request, service: ServiceOf, caller: WritesContacts, contact_id: IdInPath) -> Response:
    """Replaces the stored contact. An erased contact cannot be put in again."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_put, writing_of(request, service, caller, body), contact_id)


def _put(writing: Writing, contact_id: str) -> Response:
    fields = parse_body(ContactBody, writing.body).root
    return _write(writing, PutRecordsRequest([{**fields, "contact_id": contact_id}], writing.caller, writing.now))


def _write(writing: Writing, request: PutRecordsRequest) -> Response:
    cipher = writing.service.cipher
    return write_now(writing, lambda transaction: as_reply(put_contacts(transaction, request, cipher)))


@router.patch(
    "/v1/contacts/{contact_id}",
    summary="Change fields of a contact",
    response_model=RecordsPut,
    responses=problems(Problem.NOT_FOUND, *BODY_PROBLEMS),
    openapi_extra=request_body(ContactPatch),
)
async def patch_the_contact(
    request: Request, service: ServiceOf, caller: WritesContacts, contact_id: IdInPath
) -> Response:
    """Changes the fields given (JSON merge patch, RFC 7396): null makes a field unknown, `attributes` are merged."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_patch, writing_of(request, service, caller, body), contact_id)


def _patch(writing: Writing, contact_id: str) -> Response:
    fields = parse_body(ContactPatch, writing.body).root
    request = PutRecordsRequest([{**fields, "contact_id": contact_id}], writing.caller, writing.now)
    cipher = writing.service.cipher
    return write_now(writing, lambda transaction: as_reply(patch_contact(transaction, request, cipher)))


@router.post(
    "/v1/contacts",
    summary="Replace many contacts",
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
    records = parse_body(ContactBatch, writing.body).contacts
    writing.facts["records"] = len(records)
    writing.subjects.extend(record["contact_id"] for record in records)
    return _write(writing, PutRecordsRequest(records, writing.caller, writing.now, "contacts"))
