"""The routes of administrators: the audit log, the erasure of a contact."""

from collections.abc import Mapping
from typing import Annotated, Any

import orjson
from fastapi import APIRouter, Query, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from kqml.contract.administration import AuditFields, AuditPage, Erased
from kqml.contract.fields import field_names
from serve.database.contacts import read_contact
from serve.database.idempotency import Reply
from serve.http.access import Administers
from serve.http.cursors import read_cursor, write_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdInPath, PageLimit, ServiceOf
from serve.http.fields import Word
from serve.http.openapi import problems
from serve.http.problems import Problem, ProblemError, not_found
from serve.http.service_state import Service
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.audit import Actor, AuditQuery, read_audit_log
from serve.security.contact_vault import MaskingVault
from serve.security.erasure import erase
from serve.usecases.stored_rows import contract_fields

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
    subject_kind: Annotated[Word | None, Query(description="Such as contact, account, key, user.")] = None,
    subject: Annotated[Word | None, Query(description="Its id.")] = None,
    actor: Annotated[Word | None, Query(description="Such as key:3f9c01ab7d.")] = None,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: Cursor = None,
) -> Response:
    """Every look at personal data, every change, who, when, by which request; the newest first. Of the whole company:
    not for keys that are limited to a rep's accounts."""
    if caller.territory.reps is not None:
        raise ProblemError(Problem.FORBIDDEN, "The audit log requires access to all accounts.")
    given = {"subject_kind": subject_kind, "subject": subject, "actor": actor}
    filters = {name: value for name, value in given.items() if value is not None}
    return await run_in_threadpool(_list, service, filters, limit, cursor)


def _list(service: Service, filters: Mapping[str, str], limit: int, cursor: str | None) -> Response:
    place = ("audit", sorted(filters.items()))
    before = None if cursor is None else int(read_cursor(place, cursor, (int,))[0])
    with service.database.reading() as connection:
        result = read_audit_log(connection, AuditQuery(filters, before, limit + 1))
        zone = service.histories.time_zone(connection)
    page = result[:limit]
    following = write_cursor(place, (page[-1]["number"],)) if len(result) > limit else None
    return _json({"entries": [_entry(row, zone) for row in page], "next_cursor": following})


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
    """Empties the personal fields, destroys their key, empties life events; for good. The id stays, for nobody."""
    return await run_in_threadpool(_erase, writing_of(request, service, caller, b""), contact_id)


def _erase(writing: Writing, contact_id: str) -> Response:
    actor = Actor(writing.caller.name, writing.request_id)

    def work(connection: Connection) -> Reply:
        if read_contact(connection, contact_id, writing.caller.territory, MaskingVault()) is None:
            raise not_found(f"contact {contact_id!r}")
        events = erase(connection, actor, contact_id, writing.now)
        return as_reply({"contact_id": contact_id, "events": events})

    return write_now(writing, work)


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
