"""Changes over HTTP: one transaction with its audit event, one effect per `Idempotency-Key`."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from hashlib import sha256
from typing import Any

import orjson
from fastapi import Request, Response
from sqlalchemy import Connection

from serve.database.idempotency import OtherRequest, Reply, claim_key, find_reply, store_reply
from serve.http.audit_events import audit_event
from serve.http.path_parameters import address_of
from serve.http.problems import Problem, ProblemError, ProblemItem
from serve.http.request_middleware import FACTS, REQUEST_ID
from serve.http.service_state import Service
from serve.security import audit
from serve.security.audit import Actor, AuditEvent
from serve.security.callers import Caller
from serve.usecases.database_access import Transaction

__all__ = ["Reply", "Writing", "as_reply", "read_now", "write_now", "writing_of"]

KEY = "idempotency-key"


@dataclass(frozen=True)
class Writing:
    """One change that a caller requests. `now`: when the request arrived. `key`: its idempotency key. `facts`: numbers
    for the log line. `event`: its entry in the audit log, with the ids of further records in `subjects`."""

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


Work = Callable[[Transaction], Reply]
"""Calls a use case in the transaction and serialises its result. Whatever it raises leaves nothing written."""


def writing_of(request: Request, service: Service, caller: Caller, body: bytes, key: str | None = None) -> Writing:
    """Return the change that a request asks for."""
    address = f"{request.method} {address_of(request.scope)}"
    scope = request.scope
    event = audit_event(request)
    return Writing(service, caller, service.clock(), scope[REQUEST_ID], body, key, address, scope[FACTS], event)


def write_now(writing: Writing, work: Work) -> Response:
    """Do the work in a transaction of its own, or repeat the response that the same key got before.

    Raises ProblemError where the key was used for a different request.
    """
    with writing.service.database.writing() as connection:
        reply = _earlier(connection, writing)
        if reply is not None:
            return _response(reply, {"idempotency-replayed": "true"})
        reply = work(Transaction(connection, writing.service.histories.time_zone(connection)))
        _audit(connection, writing)
        if writing.key is not None:
            store_reply(connection, writing.caller.name, writing.key, reply)
    return _response(reply)


def read_now(writing: Writing, work: Work) -> Response:
    """Do work that changes nothing in a snapshot, which waits for no writer, or repeat the response that the same key
    got before. Neither the key nor an audit event is stored."""
    with writing.service.snapshot() as transaction:
        reply = _earlier(transaction.connection, writing, claim=False)
        if reply is not None:
            return _response(reply, {"idempotency-replayed": "true"})
        return _response(work(transaction))


def _earlier(connection: Connection, writing: Writing, *, claim: bool = True) -> Reply | None:
    if writing.key is None:
        return None
    request_hash = sha256(writing.address.encode() + b"\0" + writing.body).hexdigest()
    try:
        if not claim:
            return find_reply(connection, writing.caller.name, writing.key, request_hash)
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
    """Return the JSON response that is stored with its idempotency key."""
    return Reply(status, orjson.dumps(content).decode(), headers or {})
