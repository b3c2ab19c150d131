"""The routes of administrators: the audit log, the erasure of accounts and contacts."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.administration import AuditFields, AuditPage, Erased, ErasedAccount
from kqml.contract.fields import field_names
from serve.http.access import Administers
from serve.http.cursors import read_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdInPath, PageLimit, ServiceOf
from serve.http.fields import Word
from serve.http.openapi import problems
from serve.http.problems import Problem, ProblemError
from serve.http.responses import page_response
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.audit import Actor, AuditQuery, read_audit_log
from serve.usecases.erase_person import AccountErasureRequest, PersonRequest, erase_account, erase_person
from serve.usecases.stored_rows import contract_fields, contract_page

router = APIRouter(tags=["administration"])
SHOWN = field_names(AuditFields)


@router.get(
    "/v1/audit",
    summary="Read the audit log",
    response_model=AuditPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def read_the_audit_log(
    service: ServiceOf,
    caller: Administers,
    subject_kind: Annotated[
        Word | None, Query(description="Kind of the subject, such as contact, account, key, user.")
    ] = None,
    subject: Annotated[Word | None, Query(description="Id of the subject.")] = None,
    actor: Annotated[Word | None, Query(description="Name of the actor, such as key:3f9c01ab7d.")] = None,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Every reading of personal data and every change, with its actor, time and request; the newest first. Requires
    access to all accounts."""
    if caller.territory.reps is not None:
        raise ProblemError(Problem.FORBIDDEN, "The audit log requires access to all accounts.")
    given = {"subject_kind": subject_kind, "subject": subject, "actor": actor}
    filters = {name: value for name, value in given.items() if value is not None}
    return await run_in_threadpool(_list, service, filters, limit, cursor)


def _list(service: Service, filters: Mapping[str, str], limit: int, cursor: str | None) -> Response:
    query = ("audit", sorted(filters.items()))
    before = None if cursor is None else int(read_cursor(query, cursor, (int,))[0])
    with service.reading() as transaction:
        rows = read_audit_log(transaction.connection, AuditQuery(filters, before, limit + 1))
    page = contract_page(rows, limit, ("number",), lambda row: _entry(row, transaction.time_zone))
    return page_response("entries", page, query)


def _entry(row: Mapping[str, Any], zone: str) -> dict[str, Any]:
    details = None if row["details"] is None else orjson.Fragment(row["details"])
    return {"number": row["number"], **contract_fields(row, SHOWN, zone), "details": details}


@router.delete(
    "/v1/contacts/{contact_id}",
    summary="Erase a contact",
    response_model=Erased,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def erase_contact(request: Request, service: ServiceOf, caller: Administers, contact_id: IdInPath) -> Response:
    """Clears the personal fields, destroys their key, clears life events. This cannot be undone. The id remains."""
    return await run_in_threadpool(_erase, writing_of(request, service, caller, b""), contact_id)


def _erase(writing: Writing, contact_id: str) -> Response:
    actor = Actor(writing.caller.name, writing.request_id)
    request = PersonRequest(contact_id, actor, writing.now, writing.caller.territory)
    return write_now(writing, lambda transaction: as_reply(erase_person(transaction.connection, request)))


@router.delete(
    "/v1/accounts/{account_id}",
    summary="Erase an account",
    response_model=ErasedAccount,
    responses=problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def erase_the_account(
    request: Request, service: ServiceOf, caller: Administers, account_id: IdInPath
) -> Response:
    """Clears the name and attributes, erases the contacts, clears what was written about the account, and closes it.
    Numbers of events and decisions stay under its id, which cannot be used again. This cannot be undone."""
    return await run_in_threadpool(_erase_account, writing_of(request, service, caller, b""), account_id)


def _erase_account(writing: Writing, account_id: str) -> Response:
    actor = Actor(writing.caller.name, writing.request_id)
    request = AccountErasureRequest(actor, writing.now, writing.caller.territory)
    return write_now(writing, lambda transaction: as_reply(erase_account(transaction.connection, account_id, request)))
