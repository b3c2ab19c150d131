"""What all writing routes share: one transaction, one effect per `Idempotency-Key`, faults that point into the body."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import orjson
from fastapi import Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from serve.database.idempotency import OtherRequest, Reply, claim_key, store_reply
from serve.database.records import StoredRecord
from serve.database.rejected_rows import ItemFault, RejectedRows
from serve.http.audit_events import audit_event
from serve.http.path_parameters import address_of
from serve.http.problems import Problem, ProblemError, ProblemItem, invalid_request, pointer_to
from serve.http.request_middleware import FACTS, REQUEST_ID
from serve.http.service_state import Service
from serve.security import audit
from serve.security.audit import Actor, AuditEvent
from serve.security.callers import Caller

KEY = "idempotency-key"


@dataclass(frozen=True)
class Writing:
    """One change that a caller asks for. `now`: when it arrived. `facts`: numbers for the log line. `event`: what the
    audit log says of it, beside `subjects`, the ids of further records."""

    service: Service
    caller: Caller
    now: int
    request_id: str
    body: bytes = b""
    key: str | None = None
    address: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    event: AuditEvent = field(default_factory=lambda: AuditEvent("write"))
    subjects: list[str] = field(default_factory=list)


Work = Callable[[Connection], Reply]


def writing_of(request: Request, service: Service, caller: Caller, body: bytes, key: str | None = None) -> Writing:
    """What a request asks to change."""
    address = f"{request.method} {address_of(request.scope)}"
    scope = request.scope
    event = audit_event(request)
    return Writing(service, caller, service.clock(), scope[REQUEST_ID], body, key, address, scope[FACTS], event)


async def write(writing: Writing, work: Work) -> Response:
    """Does the work in a transaction of its own, or repeats the answer that the same key was given before."""
    return await run_in_threadpool(write_now, writing, work)


def write_now(writing: Writing, work: Work) -> Response:
    """The same, in this thread."""
    with writing.service.database.writing() as connection:
        reply = _earlier(connection, writing)
        if reply is not None:
            return _response(reply, {"idempotency-replayed": "true"})
        reply = work(connection)
        _audit(connection, writing)
        if writing.key is not None:
            store_reply(connection, writing.caller.name, writing.key, reply)
    return _response(reply)


def _earlier(connection: Connection, writing: Writing) -> Reply | None:
    if writing.key is None:
        return None
    request_hash = sha256(writing.address.encode() + b"\0" + writing.body).hexdigest()
    try:
        return claim_key(connection, writing.caller.name, writing.key, request_hash, writing.now)
    except OtherRequest:
        detail = "The key was used for a different request. Use a new key for each request."
        raise ProblemError(
            Problem.KEY_REUSED, detail, [ProblemItem("", "was used for a different request", KEY)]
        ) from None


def _audit(connection: Connection, writing: Writing) -> None:
    details = {**writing.facts, **({"ids": writing.subjects} if writing.subjects else {})}
    event = replace(writing.event, details=details or None)
    audit.record_event(connection, Actor(writing.caller.name, writing.request_id), [event], writing.now)


def _response(reply: Reply, headers: Mapping[str, str] | None = None) -> Response:
    return Response(reply.body, reply.status, {**reply.headers, **(headers or {})}, "application/json")


def as_reply(content: Mapping[str, Any], status: int = 200, headers: Mapping[str, str] | None = None) -> Reply:
    """JSON as an answer that can be kept."""
    return Reply(status, orjson.dumps(content).decode(), headers or {})


def tallied(puts: Sequence[StoredRecord]) -> Reply:
    """How many records of a batch were new, changed, the same."""
    created = sum(put.before is None for put in puts)
    changed = sum(put.changed for put in puts) - created
    return as_reply({"created": created, "changed": changed, "same": len(puts) - created - changed})


def distinct(records: Sequence[Mapping[str, Any]], key: str) -> None:
    """Raises Rejected where an id stands twice in a batch."""
    seen: set[str] = set()
    faults = []
    for place, row in enumerate(records):
        if row[key] in seen:
            faults.append(ItemFault(place, key, f"{row[key]!r} is a duplicate"))
        seen.add(row[key])
    if faults:
        raise RejectedRows(faults)


def pointing(rejected: RejectedRows, *path: str) -> ProblemError:
    """What the database does not take, as the problem that points to it below `path` of the body."""
    return invalid_request(
        [ProblemItem(pointer_to((*path, fault.place, fault.column)), fault.what) for fault in rejected.faults]
    )


def pointing_to_one(rejected: RejectedRows) -> ProblemError:
    """The same for a body that is the record itself."""
    return invalid_request([ProblemItem(pointer_to((fault.column,)), fault.what) for fault in rejected.faults])
