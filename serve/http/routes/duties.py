"""`GET /v1/duties`: the duties of the caller's accounts in a week."""

from collections.abc import Sequence
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import orjson
from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from kqml.calendar.business_time import moment_of
from kqml.calendar.workdays import workdays
from kqml.contract.duties import Duty, DutyDeclaration, DutyPage
from kqml.contract.fields import field_names
from kqml.duties import Period
from kqml.playbook.codes import PERSONAL_DAYS
from serve.http.access import ReadsAccounts
from serve.http.cursors import read_cursor, write_cursor
from serve.http.dependencies import ServiceOf
from serve.http.duty_query import DutyQuery
from serve.http.instants import EARLIEST
from serve.http.openapi import problems
from serve.http.problems import Problem, ProblemItem, invalid_request
from serve.http.request_middleware import REQUEST_ID
from serve.http.service_state import Service
from serve.http.weeks import parse_week, present_week
from serve.security.audit import Actor, AuditEvent, record_event
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import ContactVault
from serve.usecases.duty_pages import DutyFilter, duty_page
from serve.usecases.list_duties import ListDutiesRequest
from serve.usecases.stored_rows import contract_fields

router = APIRouter(tags=["duties"])
SHOWN = field_names(Duty)
DECLARED = field_names(DutyDeclaration)
INSTANTS = ("due_from", "due_by")

Row = dict[str, Any]


@router.get(
    "/v1/duties",
    summary="List the duties of a week",
    response_model=DutyPage,
    responses=problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def list_the_duties(
    request: Request, service: ServiceOf, caller: ReadsAccounts, question: Annotated[DutyQuery, Query()]
) -> Response:
    """The duties of the accounts that the caller may see: due, done, overdue, waived as of now or as of an earlier
    instant; further pages are as of the first one. Personal days are listed with the scope `contacts:personal` only."""
    return await run_in_threadpool(_list, request, service, caller, question)


def _list(request: Request, service: Service, caller: Caller, question: DutyQuery) -> Response:
    at, account, details = _start(service, question)
    named = parse_week(question.week)
    with service.snapshot() as transaction:
        zone = transaction.time_zone
        period = named or present_week(at, zone)
        wanted = _wanted(service, caller, question, period, at)
        result = duty_page(transaction.connection, wanted, (account, details), question.limit)
    _note(request, service, caller, result.rows)
    following = None if result.last is None else write_cursor(question.sort_key, (at, *result.last))
    content = {
        "week": period.week_name,
        "as_of": moment_of(at, zone).isoformat(),
        "playbook": service.playbook.version,
        "certainty": workdays(service.playbook.country).certainty(period.last.year),
        "duties": [_shown(row, caller, zone) for row in result.rows],
        "next_cursor": following,
    }
    return Response(orjson.dumps(content), media_type="application/json")


def _start(service: Service, question: DutyQuery) -> tuple[int, str, int]:
    """The instant, the account where the page begins, and how many of its duties were listed. Raises ProblemError."""
    now = service.clock()
    if question.cursor is None:
        return question.instant(now), "", 0
    at, account, result = read_cursor(question.sort_key, question.cursor, (int, str, int))
    if not EARLIEST <= at <= now or result < 0:
        raise invalid_request([ProblemItem("", "is not a valid cursor; start again without a cursor", "cursor")])
    return at, account, result


def _wanted(service: Service, caller: Caller, question: DutyQuery, week: Period, at: int) -> DutyFilter:
    sees_personal = Scope.SEE_PERSONAL in caller.scopes
    duties = ListDutiesRequest(
        playbook=service.playbook,
        period=week,
        cutoff=at,
        states=question.state,
        must=question.must,
        personal=sees_personal,
    )
    return DutyFilter(
        duties,
        caller.territory,
        filters=question.of_accounts,
        reps=() if question.account else _reps(caller, question),
        vault=ContactVault(service.cipher) if sees_personal else None,
    )


def _reps(caller: Caller, question: DutyQuery) -> Sequence[str]:
    """The reps whose own duties are listed: those of the query, else the rep who calls."""
    if question.rep:
        return [name for name in question.rep if caller.territory.covers(name)]
    own = caller.territory.reps or frozenset()
    return tuple(own) if len(own) == 1 else ()


def _note(request: Request, service: Service, caller: Caller, rows: Sequence[Row]) -> None:
    """Records in the audit log who reads personal days."""
    seen = {(row["contact_id"], row["account_id"]) for row in rows if row["duty"] in PERSONAL_DAYS}
    events = [
        AuditEvent("contact.read", "contact", contact) if contact else AuditEvent("contact.read", "account", account)
        for contact, account in sorted(seen, key=repr)
    ]
    if events:
        with service.database.writing() as connection:
            record_event(connection, Actor(caller.name, request.scope[REQUEST_ID]), events, service.clock())


def _shown(row: Row, caller: Caller, zone: str) -> Row:
    local = {name: row[name].astimezone(ZoneInfo(zone)).isoformat() for name in INSTANTS}
    contact = row["contact_id"] if Scope.READ_CONTACTS in caller.scopes else None
    text = None if row["declared"] is None else contract_fields(row["declared"], DECLARED, zone)
    return {name: row[name] for name in SHOWN} | local | {"contact_id": contact, "declared": text}
