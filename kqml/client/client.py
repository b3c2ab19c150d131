"""A client of the HTTP API."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, BinaryIO, Self, TypeVar, cast
from urllib.parse import quote

import httpx

from kqml.client.pages import ListPages
from kqml.client.sending import RetryPolicy, Sender
from kqml.contract.accounts import ListedAccount, OneAccount, Rep
from kqml.contract.adoption import AdoptionReport
from kqml.contract.decisions import ListedDecision, Receipt, StatusTaken
from kqml.contract.duties import Duty, DutyStatusTaken, RepCompliance
from kqml.contract.grades import AccountGradeReport, EmotionalEntryLine, GradeSummaryReport, RelationshipReport
from kqml.contract.next_actions import NextActions
from kqml.contract.plans import RepPlan
from kqml.contract.portfolios import Portfolio
from kqml.contract.recommendations import Recommendations
from kqml.contract.records import EventsTaken, RecordsPut
from kqml.contract.rep_days import RepDays
from kqml.contract.scores import ScoreAnswer, StoredScore

EVENTS_A_CALL = 5_000
RECORDS_A_CALL = 1_000

Record = Mapping[str, Any]
Item = TypeVar("Item")


class Client:
    """A client of one service with one API key; a `with` block closes its connections. Thread-safe.

    Every call is retried while the service is unavailable or busy. Changes carry an `Idempotency-Key`, events their id,
    so that a repeated request counts once. Raises ApiProblem where the service refuses, Unreachable where it does not
    respond.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        retries: RetryPolicy | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        policy = retries or RetryPolicy()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=policy.timeout, transport=transport)
        self._sender = Sender(self._http, policy)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def send_events(self, events: Iterable[Record]) -> Iterator[EventsTaken]:
        """Send events in batches, in order, as the iterator is consumed; yield one response per stored batch.

        A batch with a faulty event is not stored at all; earlier ones stay. Events sent again count once.
        """
        for batch in _batches(events, EVENTS_A_CALL):
            yield cast(EventsTaken, self._send("POST", "/v1/events", {"events": batch}))

    def put_account(self, account_id: str, facts: Record, if_match: str | None = None) -> OneAccount:
        """Replace an account. `if_match`: only if its ETag is still this one.

        With it, the problem `changed` may also mean that an earlier try arrived and its response was lost.
        """
        headers = {} if if_match is None else {"if-match": if_match}
        return cast(OneAccount, self._send("PUT", _path("accounts", account_id), facts, headers))

    def patch_account(self, account_id: str, changes: Record, if_match: str | None = None) -> OneAccount:
        """Change some fields of an account; None makes one unknown. `if_match`: only if its ETag is still this one."""
        headers = {} if if_match is None else {"if-match": if_match}
        return cast(OneAccount, self._send("PATCH", _path("accounts", account_id), changes, headers))

    def patch_contact(self, contact_id: str, changes: Record) -> RecordsPut:
        """Change some fields of a contact; None makes one unknown."""
        return cast(RecordsPut, self._send("PATCH", _path("contacts", contact_id), changes))

    def patch_rep(self, rep_id: str, changes: Record) -> RecordsPut:
        """Change some fields of a rep; None makes one unknown."""
        return cast(RecordsPut, self._send("PATCH", _path("reps", rep_id), changes))

    def put_accounts(self, accounts: Iterable[Record]) -> Iterator[RecordsPut]:
        """Replace accounts in batches; each record has its `account_id`."""
        return self._put_all("accounts", accounts)

    def put_contacts(self, contacts: Iterable[Record]) -> Iterator[RecordsPut]:
        """Replace contacts in batches; each record has its `contact_id` and `account_id`."""
        return self._put_all("contacts", contacts)

    def put_reps(self, reps: Iterable[Record]) -> Iterator[RecordsPut]:
        """Replace reps in batches; each record has its `rep_id`."""
        return self._put_all("reps", reps)

    def account(self, account_id: str) -> tuple[OneAccount, str]:
        """Return an account with its ETag."""
        answer = self._sender.get(_path("accounts", account_id))
        return cast(OneAccount, answer.json()), answer.headers["etag"]

    def accounts(self, **question: str | Sequence[str]) -> ListPages[ListedAccount]:
        """Yield accounts by risk. Filters: `account`, `tier`, `segment`, `region`, `rep`, `band`, `status`, `level`,
        `relationship_grade`, `overall_class`, `probability_from`, `value_at_risk_from`, `search`, `changed_since`;
        order: `sort`; `language` of the reasons. `complete_until` of the result continues a list by `changed_since`."""
        return self._pages("/v1/accounts", "accounts", question)

    def score(
        self, accounts: Sequence[str | Record], as_of: str | None = None, language: str | None = None, reasons: int = 3
    ) -> ScoreAnswer:
        """Return scores of accounts: ids of stored ones, or records with their whole history in `events`."""
        request = [{"account_id": item} if isinstance(item, str) else dict(item) for item in accounts]
        body = {"accounts": request, "as_of": as_of, "language": language, "reasons": reasons}
        given = {name: value for name, value in body.items() if value is not None}
        return cast(ScoreAnswer, self._send("POST", "/v1/scores", given))

    def stored_scores(self, **question: str | Sequence[str]) -> ListPages[StoredScore]:
        """Yield the newest stored score of each account as they were stored. Filters: `account`, `rep`, `tier`,
        `segment`, `region`, `band`, `changed_since`; order: `sort`; `language` of the reasons."""
        return self._pages("/v1/scores", "scores", question)

    def grades(self, account_id: str, **question: str) -> AccountGradeReport:
        """Return the grades of an account, of the trailing year and of past `quarters`, or `as_of` a time."""
        return cast(AccountGradeReport, self._sender.get(f"{_path('accounts', account_id)}/grades", question).json())

    def grade_counts(self, **question: str | Sequence[str]) -> GradeSummaryReport:
        """Return how many accounts have each grade. Filters: `rep`, `tier`, `segment`, `region`."""
        return cast(GradeSummaryReport, self._sender.get("/v1/reports/grades", question).json())

    def relationship(self, account_id: str, **question: str) -> RelationshipReport:
        """Return the depth of the relationship with an account, or `as_of` an earlier instant."""
        path = f"{_path('accounts', account_id)}/relationship"
        return cast(RelationshipReport, self._sender.get(path, question).json())

    def emotional_account(self, account_id: str, **question: str) -> Iterator[EmotionalEntryLine]:
        """Yield the entries of the emotional account, the newest first."""
        path = f"{_path('accounts', account_id)}/emotional-account"
        return cast(Iterator[EmotionalEntryLine], self._pages(path, "entries", question))

    def export(self, table: str, target: BinaryIO, **question: str | Sequence[str]) -> int:
        """Write an export (`scores`, or `plans` of a `week`) to an open file as it arrives; return how many bytes.
        `format`: csv or parquet; filters as of the lists."""
        return self._sender.download(f"/v1/exports/{table}", question, target)

    def reps(self, **question: str | Sequence[str]) -> Iterator[Rep]:
        """Yield the reps that the key may see."""
        return cast(Iterator[Rep], self._pages("/v1/reps", "reps", question))

    def plan(self, rep_id: str, week: str | None = None) -> RepPlan:
        """Return the decisions of a rep's week, by default the present one; `next` previews the next week."""
        question = {} if week is None else {"week": week}
        return cast(RepPlan, self._sender.get(f"{_path('reps', rep_id)}/plan", question).json())

    def days(self, rep_id: str, week: str | None = None) -> RepDays:
        """Return the open decisions of a rep's week by day, by default those of the present week."""
        question = {} if week is None else {"week": week}
        return cast(RepDays, self._sender.get(f"{_path('reps', rep_id)}/days", question).json())

    def compliance(self, rep_id: str, months: int = 3) -> RepCompliance:
        """Return how far a rep kept the cadence in the latest months."""
        path = f"{_path('reps', rep_id)}/compliance"
        return cast(RepCompliance, self._sender.get(path, {"months": str(months)}).json())

    def portfolio(self, rep_id: str) -> Portfolio:
        """Return the accounts of a rep with their value at risk and what is open there."""
        return cast(Portfolio, self._sender.get(f"{_path('reps', rep_id)}/portfolio").json())

    def adoption(
        self, from_week: str | None = None, to_week: str | None = None, rep: str | None = None
    ) -> AdoptionReport:
        """Return what became of the recommendations of some weeks, by default of the last four."""
        question = {"from_week": from_week, "to_week": to_week, "rep": rep}
        given = {name: value for name, value in question.items() if value is not None}
        return cast(AdoptionReport, self._sender.get("/v1/reports/adoption", given).json())

    def next_actions(
        self,
        accounts: Sequence[str | Mapping[str, Any]],
        *,
        as_of: str | None = None,
        language: str | None = None,
        commit: bool = False,
    ) -> NextActions:
        """Return the next action of accounts: ids, or accounts with their histories as for `score`. `commit`: store new
        actions as decisions."""
        request = [{"account_id": item} if isinstance(item, str) else dict(item) for item in accounts]
        body = {"accounts": request, "as_of": as_of, "language": language, "commit": commit}
        given = {name: value for name, value in body.items() if value is not None}
        return cast(NextActions, self._send("POST", "/v1/next-actions", given))

    def recommend(
        self,
        rep_id: str | None = None,
        accounts: Sequence[str] | None = None,
        week: str | None = None,
        language: str | None = None,
    ) -> Recommendations:
        """Return the decisions of a week for a rep or for some accounts; decide them where they are not decided yet."""
        request = None if accounts is None else list(accounts)
        body = {"rep_id": rep_id, "accounts": request, "week": week, "language": language}
        given = {name: value for name, value in body.items() if value is not None}
        return cast(Recommendations, self._send("POST", "/v1/recommendations", given))

    def decisions(self, **question: str | Sequence[str]) -> ListPages[ListedDecision]:
        """Yield decisions by their latest change. Filters: `rep`, `account`, `week`, `state`, `changed_since`; order:
        `sort`."""
        return self._pages("/v1/decisions", "decisions", question)

    def decision(self, decision_id: str) -> Receipt:
        """Return the receipt of a decision."""
        return cast(Receipt, self._sender.get(_path("decisions", decision_id)).json())

    def record_status(self, decision_id: str, state: str, **text: Any) -> StatusTaken:
        """Record the next state of a decision, with `at`, `action`, `reason`, `verified`, `outcome` as it requires,
        with `done` a `report` of what happened."""
        path = f"{_path('decisions', decision_id)}/status"
        return cast(StatusTaken, self._send("POST", path, {"state": state, **text}))

    def duties(self, **question: str | Sequence[str]) -> Iterator[Duty]:
        """Yield the duties of a `week`. Filters: `rep`, `account`, `state`, `must`."""
        return cast(Iterator[Duty], self._pages("/v1/duties", "duties", question))

    def mark_duties(self, duties: Sequence[Record], week: str | None = None) -> DutyStatusTaken:
        """Mark duties of a week; each has `duty_id`, `account_id` or `rep_id`, `state`, and optionally `at`, `note`."""
        body = {"duties": [dict(duty) for duty in duties], **({} if week is None else {"week": week})}
        return cast(DutyStatusTaken, self._send("POST", "/v1/duties/status", body))

    def _put_all(self, name: str, records: Iterable[Record]) -> Iterator[RecordsPut]:
        for batch in _batches(records, RECORDS_A_CALL):
            yield cast(RecordsPut, self._send("POST", f"/v1/{name}", {name: batch}))

    def _send(self, method: str, path: str, body: Record, headers: Mapping[str, str] | None = None) -> Any:
        return self._sender.send(method, path, body, headers).json()

    def _pages(self, path: str, name: str, question: Mapping[str, Any]) -> ListPages[Any]:
        def fetch(cursor: str | None) -> Mapping[str, Any]:
            page = self._sender.get(path, {**question, **({"cursor": cursor} if cursor else {})})
            return cast(Mapping[str, Any], page.json())

        return ListPages(fetch, name)


def _path(collection: str, name: str) -> str:
    """Return the path of one record, its id percent-encoded."""
    return f"/v1/{collection}/{quote(name, safe='')}"


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
