"""Mark duties that no event fulfils as done, waived or open again, all of a request or none."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kqml.contract.duties import DutyStatusTaken
from kqml.duties import Period
from kqml.history.builders import read_instant
from kqml.playbook import Playbook
from kqml.playbook.codes import PERSONAL_DAYS
from serve.database.duty_overrides import add_overrides
from serve.database.events import accounts_seen
from serve.database.records import read_rows
from serve.database.tables import ACCOUNTS
from serve.security.callers import Caller, Scope
from serve.security.contact_vault import ContactVault
from serve.security.encryption import Cipher
from serve.usecases.database_access import Transaction
from serve.usecases.duty_pages import DutyFilter, duties_of_accounts
from serve.usecases.list_duties import ListDutiesRequest
from serve.usecases.refusals import RequestFault, refuse

Row = Mapping[str, Any]
Faults = Iterator[RequestFault]
REPS_PER_REQUEST = 20


@dataclass(frozen=True)
class DutyMark:
    """The state that somebody gives a duty of an account, or of a rep where `account_id` is None. `at`: ISO text of
    when it was done or waived, None: now."""

    duty_id: str
    account_id: str | None
    rep_id: str | None
    state: str
    at: str | None
    note: str | None

    def is_of(self, duty: Row) -> bool:
        """Whether the duty is one of the account, or of the rep, that the mark names."""
        if self.account_id is not None:
            return bool(duty["account_id"] == self.account_id)
        return duty["account_id"] is None and bool(duty["rep_id"] == self.rep_id)


@dataclass(frozen=True)
class MarkDutiesRequest:
    """Marks of duties of one week by the rules of a playbook; `cipher`: of personal fields."""

    marks: Sequence[DutyMark]
    week: Period
    caller: Caller
    playbook: Playbook
    cipher: Cipher
    now: int

    @property
    def accounts(self) -> set[str]:
        """The accounts whose duties are marked."""
        return {mark.account_id for mark in self.marks if mark.account_id is not None}


def check_marks(marks: Sequence[DutyMark], now: int) -> None:
    """Raise FaultyRequest with every fault of the marks that can be found without the database."""
    refuse(list(_faults_of_marks(marks, now)))


def read_marked_duties(transaction: Transaction, request: MarkDutiesRequest) -> Mapping[str, Row]:
    """Return the duties that the request may mark by `duty_id`. Computed apart from the transaction that writes, so
    that no other writer waits for it."""
    known = accounts_seen(transaction.connection, request.accounts, request.caller.territory)
    return duties_of_accounts(transaction.connection, _filter(request), sorted(known))


def mark_duties(transaction: Transaction, request: MarkDutiesRequest, duties: Mapping[str, Row]) -> DutyStatusTaken:
    """Record the marks; `duties` as from `read_marked_duties`. A mark that is recorded already adds nothing.

    Raises FaultyRequest where an account, a rep or a duty does not exist for the caller.
    """
    connection, marks = transaction.connection, request.marks
    known = accounts_seen(connection, request.accounts, request.caller.territory)
    refuse(list(_unknown_owners(request, known)))
    refuse(list(_unknown_duties(request, duties)))
    read_rows(connection, ACCOUNTS, request.accounts, lock=True)
    rows = [_row(mark, duties[mark.duty_id], request.caller.name) for mark in marks]
    added = add_overrides(connection, rows, request.now)
    return DutyStatusTaken(added=added, known=len(rows) - added)


def _filter(request: MarkDutiesRequest) -> DutyFilter:
    caller = request.caller
    sees_personal = Scope.SEE_PERSONAL in caller.scopes
    duties = ListDutiesRequest(
        playbook=request.playbook, period=request.week, cutoff=request.now, personal=sees_personal
    )
    own = {str(mark.rep_id) for mark in request.marks if mark.account_id is None}
    return DutyFilter(
        duties,
        caller.territory,
        reps=sorted(rep for rep in own if caller.territory.covers(rep)),
        vault=ContactVault(request.cipher) if sees_personal else None,
    )


def _row(mark: DutyMark, duty: Row, by: str) -> dict[str, Any]:
    return {
        "duty_id": mark.duty_id,
        "owner": mark.rep_id if mark.account_id is None else mark.account_id,
        "duty": duty["duty"],
        "state": mark.state,
        "at": None if mark.at is None else read_instant(mark.at),
        "note": mark.note,
        "by": by,
    }


def _fault(index: int, field: str, detail: str) -> RequestFault:
    return RequestFault(("duties", index, field), detail)


def _faults_of_marks(marks: Sequence[DutyMark], now: int) -> Faults:
    seen: set[str] = set()
    for index, mark in enumerate(marks):
        if mark.duty_id in seen:
            yield _fault(index, "duty_id", f"{mark.duty_id!r} is a duplicate")
        seen.add(mark.duty_id)
        if mark.account_id is None and mark.rep_id is None:
            yield _fault(index, "account_id", "is missing: give account_id, or rep_id for a duty of a rep")
        yield from (_fault(index, "at", detail) for detail in _faults_of_instant(mark.at, now))
    if len({mark.rep_id for mark in marks if mark.account_id is None}) > REPS_PER_REQUEST:
        yield _fault(0, "rep_id", f"duties of more than {REPS_PER_REQUEST} reps; send several requests")


def _faults_of_instant(text: str | None, now: int) -> Iterator[str]:
    try:
        if text is not None and read_instant(text) > now:
            yield f"{text!r} is in the future"
    except ValueError:
        yield f"{text!r} is not a valid date"


def _unknown_owners(request: MarkDutiesRequest, known: set[str]) -> Faults:
    """Accounts and reps outside the territory are reported as if they did not exist."""
    for index, mark in enumerate(request.marks):
        if mark.account_id is not None and mark.account_id not in known:
            yield _fault(index, "account_id", f"account {mark.account_id!r} does not exist")
        if mark.account_id is None and not request.caller.territory.covers(mark.rep_id):
            yield _fault(index, "rep_id", f"rep {mark.rep_id!r} does not exist")


def _unknown_duties(request: MarkDutiesRequest, duties: Mapping[str, Row]) -> Faults:
    for index, mark in enumerate(request.marks):
        duty = duties.get(mark.duty_id)
        if duty is None or not mark.is_of(duty):
            detail = f"{mark.duty_id!r} is not a duty in {request.week.week_name}; see GET /v1/duties"
            yield _fault(index, "duty_id", detail)
        elif mark.note is not None and duty["duty"] in PERSONAL_DAYS:
            yield _fault(index, "note", "would stay when the person is erased; leave it out")
