"""`/v1/accounts/{account_id}/grades`, `…/relationship`, `…/emotional-account`: how an account stands."""

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from starlette.concurrency import run_in_threadpool

from kqml.contract.grades import AccountGradeReport, EmotionalAccountPage, RelationshipReport
from serve.http.access import ReadsAccounts
from serve.http.cursors import read_cursor
from serve.http.dependencies import DEFAULT_LIMIT, Cursor, IdInPath, Language, PageLimit, ServiceOf
from serve.http.fields import Instant
from serve.http.instants import EARLIEST, parse_past_instant
from serve.http.openapi import problems
from serve.http.problems import Problem, ProblemItem, invalid_request
from serve.http.responses import json_response, page_response
from serve.http.service_state import Service
from serve.security.callers import Caller
from serve.usecases.grade_account import GradeAccountRequest, GradedAccount, grade_account
from serve.usecases.stored_rows import ContractPage

router = APIRouter(tags=["accounts"])
READS = problems(Problem.NOT_FOUND, Problem.INVALID_REQUEST, Problem.NO_DATABASE)
AsOf = Annotated[Instant | None, Query(description="Use only what was known before this time. Default: now.")]
Quarters = Annotated[int, Query(ge=0, le=40, description="Number of past quarters.")]


@router.get(
    "/v1/accounts/{account_id}/grades",
    summary="Show the grades of an account",
    response_model=AccountGradeReport,
    responses=READS,
)
async def show_grades(
    service: ServiceOf, caller: ReadsAccounts, account_id: IdInPath, as_of: AsOf = None, quarters: Quarters = 8
) -> Response:
    """Depth, relationship, credit and sales by the playbook, of the trailing year and of past quarters and years."""
    request = _request(service, caller, account_id, as_of, quarters)
    return await run_in_threadpool(_show, service, request, lambda account: account.report())


@router.get(
    "/v1/accounts/{account_id}/relationship",
    summary="Show the depth of a relationship",
    response_model=RelationshipReport,
    responses=READS,
)
async def show_relationship(
    service: ServiceOf, caller: ReadsAccounts, account_id: IdInPath, as_of: AsOf = None, language: Language = None
) -> Response:
    """The depth level with its evidence, the contacts known, a warning where there is a single one, and what to ask
    for next."""
    request, spoken = _request(service, caller, account_id, as_of), language or service.language
    return await run_in_threadpool(_show, service, request, lambda account: account.relationship(spoken))


@router.get(
    "/v1/accounts/{account_id}/emotional-account",
    summary="Show the emotional account",
    response_model=EmotionalAccountPage,
    responses=READS,
)
async def show_emotional_account(
    service: ServiceOf,
    caller: ReadsAccounts,
    account_id: IdInPath,
    limit: PageLimit = DEFAULT_LIMIT,
    cursor: Cursor = None,
    language: Language = None,
) -> Response:
    """What contacts paid in and drew out, the newest entry first; further pages are as of the first one."""
    at, listed = _position(service, account_id, cursor)
    request = GradeAccountRequest(account_id, caller.territory, service.playbook, at)
    spoken = language or service.language

    def read() -> Response:
        with service.snapshot() as transaction:
            account = grade_account(transaction, request)
            entries = account.statement(spoken)
        last = (at, listed + limit) if len(entries) > listed + limit else None
        page = ContractPage(entries[listed : listed + limit], last)
        balance = account.trailing["emotional_balance"]
        return page_response("entries", page, _query(account_id), **account.head, balance=balance)

    return await run_in_threadpool(read)


def _request(
    service: Service, caller: Caller, account_id: str, as_of: str | None, quarters: int = 0
) -> GradeAccountRequest:
    now = service.clock()
    at = parse_past_instant(as_of, "as_of", now)
    return GradeAccountRequest(account_id, caller.territory, service.playbook, now if at is None else at, quarters)


def _show(
    service: Service, request: GradeAccountRequest, show: Callable[[GradedAccount], Mapping[str, Any]]
) -> Response:
    with service.snapshot() as transaction:
        return json_response(show(grade_account(transaction, request)))


def _query(account_id: str) -> tuple[str, str]:
    return ("emotional-account", account_id)


def _position(service: Service, account_id: str, cursor: str | None) -> tuple[int, int]:
    """The instant of the statement, and how many of its entries were listed. Raises ProblemError."""
    now = service.clock()
    if cursor is None:
        return now, 0
    at, listed = read_cursor(_query(account_id), cursor, (int, int))
    if not EARLIEST <= at <= now or listed < 0:
        raise invalid_request([ProblemItem("", "is not a valid cursor; start again without a cursor", "cursor")])
    return at, listed
