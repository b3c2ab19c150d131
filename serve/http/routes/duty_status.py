"""`POST /v1/duties/status`: what people say of duties."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response
from sqlalchemy import Connection
from starlette.concurrency import run_in_threadpool

from kqml.contract.duties import DutyStatusTaken
from kqml.history.builders import read_instant
from kqml.playbook.codes import PERSONAL_DAYS
from serve.database.duty_overrides import add_overrides
from serve.database.events import accounts_seen
from serve.database.idempotency import Reply
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS
from serve.http.access import WritesDecisions
from serve.http.dependencies import IdempotencyKey, ServiceOf
from serve.http.duty_query import REPS_PER_QUESTION
from serve.http.openapi import BODY_PROBLEMS, problems, request_body
from serve.http.problems import Problem, ProblemItem, invalid_request, pointer_to
from serve.http.request_bodies import parse_body, read_json_bytes
from serve.http.schemas.duties import DutySaying, DutyStatusBody
from serve.http.weeks import requested_week
from serve.http.writing import Writing, as_reply, write_now, writing_of
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import ContactVault
from serve.usecases.duty_pages import DutyFilter, duties_of_accounts
from serve.usecases.list_duties import ListDutiesRequest

router = APIRouter(tags=["duties"])
Row = Mapping[str, Any]
Faults = Iterator[tuple[int, str, str]]
"""Place in the body, field, what is wrong with it."""


@router.post(
    "/v1/duties/status",
    summary="Say what became of duties",
    response_model=DutyStatusTaken,
    responses=problems(Problem.KEY_REUSED, *BODY_PROBLEMS),
    openapi_extra=request_body(DutyStatusBody),
)
async def take_duty_status(
    request: Request, service: ServiceOf, caller: WritesDecisions, idempotency_key: IdempotencyKey = None
) -> Response:
    """Duties that no event fulfils are done, need not be done, or are open again, because somebody says so; all of
    them or none. What was said last counts; said again it changes nothing. Compliance counts events alone."""
    body = await read_json_bytes(request, service.body_limit)
    return await run_in_threadpool(_take, writing_of(request, service, caller, body, idempotency_key))


def _take(writing: Writing) -> Response:
    """The duties are worked out before anything is written, so that no other writer waits for that."""
    text = parse_body(DutyStatusBody, writing.body)
    _refuse(_of_body(text.duties, writing.now))
    writing.facts["duties"] = len(text.duties)
    writing.subjects.extend(one.duty_id for one in text.duties)
    accounts = {one.account_id for one in text.duties if one.account_id is not None}
    with writing.service.database.snapshot() as connection:
        wanted = _wanted(connection, writing, text)
        known = accounts_seen(connection, accounts, writing.caller.territory)
        required = Listed(wanted.duties.period.week_name, duties_of_accounts(connection, wanted, sorted(known)))
    return write_now(writing, lambda connection: _retained(connection, writing, text, required))


@dataclass(frozen=True)
class Listed:
    """What is owed in a week by `duty_id`."""

    week: str
    duties: Mapping[str, Row]


def _retained(connection: Connection, writing: Writing, text: DutyStatusBody, required: Listed) -> Reply:
    accounts = {one.account_id for one in text.duties if one.account_id is not None}
    _refuse(_of_strangers(connection, writing, text.duties, accounts))
    _refuse(_of_duties(text.duties, required))
    read_rows(connection, ACCOUNTS, accounts, lock=True)
    rows = [_row(one, required.duties[one.duty_id], writing.caller.name) for one in text.duties]
    added = add_overrides(connection, rows, writing.now)
    return as_reply({"added": added, "known": len(rows) - added})


def _wanted(connection: Connection, writing: Writing, text: DutyStatusBody) -> DutyFilter:
    service, caller = writing.service, writing.caller
    zone = service.histories.time_zone(connection)
    sees_personal = Scope.SEE_PERSONAL in caller.scopes
    duties = ListDutiesRequest(
        playbook=service.playbook,
        period=requested_week(text.week, writing.now, zone),
        cutoff=writing.now,
        personal=sees_personal,
    )
    return DutyFilter(
        duties,
        caller.territory,
        reps=sorted({str(one.rep_id) for one in text.duties if one.account_id is None and _sees(caller, one)}),
        vault=ContactVault(service.sealer) if sees_personal else None,
    )


def _sees(caller: Caller, one: DutySaying) -> bool:
    return caller.territory.covers(one.rep_id)


def _row(one: DutySaying, duty: Row, by: str) -> dict[str, Any]:
    return {
        "duty_id": one.duty_id,
        "owner": one.rep_id if one.account_id is None else one.account_id,
        "duty": duty["duty"],
        "state": one.state,
        "at": None if one.at is None else read_instant(one.at),
        "note": one.note,
        "by": by,
    }


def _refuse(faults: Faults) -> None:
    """Raises ProblemError where there are any."""
    results = [ProblemItem(pointer_to(("duties", place, name)), text) for place, name, text in faults]
    if results:
        raise invalid_request(results)


def _of_body(duties: Sequence[DutySaying], now: int) -> Faults:
    """What a schema cannot see."""
    seen: set[str] = set()
    for place, one in enumerate(duties):
        if one.duty_id in seen:
            yield place, "duty_id", f"{one.duty_id!r} is a duplicate"
        seen.add(one.duty_id)
        if one.account_id is None and one.rep_id is None:
            yield place, "account_id", "is missing: give account_id, or rep_id for a duty of a rep"
        yield from ((place, "at", text) for text in _of_instant(one.at, now))
    if len({one.rep_id for one in duties if one.account_id is None}) > REPS_PER_QUESTION:
        yield 0, "rep_id", f"duties of more than {REPS_PER_QUESTION} reps; send several requests"


def _of_instant(text: str | None, now: int) -> Iterator[str]:
    try:
        if text is not None and read_instant(text) > now:
            yield f"{text!r} is in the future"
    except ValueError:
        yield f"{text!r} is not a valid date"


def _of_strangers(connection: Connection, writing: Writing, duties: Sequence[DutySaying], accounts: set[str]) -> Faults:
    """Accounts and reps that the caller may not see, as if there were none."""
    territory = writing.caller.territory
    known = accounts_seen(connection, accounts, territory)
    for place, one in enumerate(duties):
        if one.account_id is not None and one.account_id not in known:
            yield place, "account_id", f"account {one.account_id!r} does not exist"
        if one.account_id is None and not territory.covers(one.rep_id):
            yield place, "rep_id", f"rep {one.rep_id!r} does not exist"


def _of_duties(duties: Sequence[DutySaying], required: Listed) -> Faults:
    for place, one in enumerate(duties):
        duty = required.duties.get(one.duty_id)
        if duty is None or not _is_of(one, duty):
            yield place, "duty_id", f"{one.duty_id!r} is not a duty in {required.week}; see GET /v1/duties"
        elif one.note is not None and duty["duty"] in PERSONAL_DAYS:
            yield place, "note", "would stay when the person is erased; say it without"


def _is_of(one: DutySaying, duty: Row) -> bool:
    if one.account_id is not None:
        return bool(duty["account_id"] == one.account_id)
    return duty["account_id"] is None and bool(duty["rep_id"] == one.rep_id)
