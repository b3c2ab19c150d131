"""The calls of the HTTP API as methods."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from urllib.parse import quote

import httpx

from kqml.client.sending import Patience, Sender
from kqml.contract.accounts import ListedAccount, OneAccount, Rep
from kqml.contract.decisions import Receipt, StatusTaken
from kqml.contract.duties import Duty, DutyStatusTaken
from kqml.contract.plans import RepPlan
from kqml.contract.recommendations import Recommendations
from kqml.contract.records import EventsTaken, RecordsPut
from kqml.contract.scores import ScoreAnswer

EVENTS_A_CALL = 5_000
RECORDS_A_CALL = 1_000

Record = Mapping[str, Any]
Item = TypeVar("Item")


class Client:
    """Speaks to one service with one key; a `with` block closes its connections. Safe to use from several threads.

    Every call is tried again while the service is away or busy. Changes carry an `Idempotency-Key`, events their id, so
    what was sent twice counts once. Raises ApiProblem where the service says no, Unreachable where it never answers.
    """

    def __init__(
        self,
        address: str,
        key: str | None = None,
        timeouts: Patience | None = None,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        chosen = timeouts or Patience()
        headers = {"authorization": f"Bearer {key}"} if key else {}
        self._http = httpx.Client(base_url=address, headers=headers, timeout=chosen.timeout, transport=transport)
        self._sender = Sender(self._http, chosen)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Closes the connections."""
        self._http.close()

    def send_events(self, events: Iterable[Record]) -> Iterator[EventsTaken]:
        """Sends events in batches, in order; an answer per batch, once it is kept. Nothing is sent until asked for.

        A batch with a faulty event is not kept at all; earlier ones stay. Sent again, those that are there count once.
        """
        for batch in _batches(events, EVENTS_A_CALL):
            yield cast(EventsTaken, self._tell("POST", "/v1/events", {"events": batch}))

    def put_account(self, account_id: str, facts: Record, if_match: str | None = None) -> OneAccount:
        """Says what an account is now, as a whole. `if_match`: only where its ETag is still this one.

        With it, the problem `changed` may also mean that an earlier try arrived whose answer was lost.
        """
        headers = {} if if_match is None else {"if-match": if_match}
        return cast(OneAccount, self._tell("PUT", _path("accounts", account_id), facts, headers))

    def put_accounts(self, accounts: Iterable[Record]) -> Iterator[RecordsPut]:
        """Puts accounts in by batches, each with its `account_id`."""
        return self._put_all("accounts", accounts)

    def put_contacts(self, contacts: Iterable[Record]) -> Iterator[RecordsPut]:
        """Puts contacts in by batches, each with its `contact_id`, `account_id`."""
        return self._put_all("contacts", contacts)

    def put_reps(self, reps: Iterable[Record]) -> Iterator[RecordsPut]:
        """Puts reps in by batches, each with its `rep_id`."""
        return self._put_all("reps", reps)

    def account(self, account_id: str) -> tuple[OneAccount, str]:
        """One account with its ETag."""
        answer = self._sender.ask(_path("accounts", account_id))
        return cast(OneAccount, answer.json()), answer.headers["etag"]

    def accounts(self, **question: str | Sequence[str]) -> Iterator[ListedAccount]:
        """The accounts by risk, page after page: `tier`, `segment`, `region`, `rep`, `band`, `status`, `sort`."""
        return cast(Iterator[ListedAccount], self._pages("/v1/accounts", "accounts", question))

    def score(
        self, accounts: Sequence[str | Record], as_of: str | None = None, language: str | None = None, reasons: int = 3
    ) -> ScoreAnswer:
        """Scores of accounts: ids of those the database knows, or records with their whole history in `events`."""
        request = [{"account_id": item} if isinstance(item, str) else dict(item) for item in accounts]
        body = {"accounts": request, "as_of": as_of, "language": language, "reasons": reasons}
        given = {name: value for name, value in body.items() if value is not None}
        return cast(ScoreAnswer, self._tell("POST", "/v1/scores", given))

    def reps(self, **question: str | Sequence[str]) -> Iterator[Rep]:
        """The reps that the key may see, page after page."""
        return cast(Iterator[Rep], self._pages("/v1/reps", "reps", question))

    def plan(self, rep_id: str, week: str | None = None) -> RepPlan:
        """What was decided for a rep's week, by default the present one."""
        question = {} if week is None else {"week": week}
        return cast(RepPlan, self._sender.ask(f"{_path('reps', rep_id)}/plan", question).json())

    def recommend(
        self,
        rep_id: str | None = None,
        accounts: Sequence[str] | None = None,
        week: str | None = None,
        language: str | None = None,
    ) -> Recommendations:
        """A rep's week, or that of some accounts' reps, decided where nobody decided it before."""
        request = None if accounts is None else list(accounts)
        body = {"rep_id": rep_id, "accounts": request, "week": week, "language": language}
        given = {name: value for name, value in body.items() if value is not None}
        return cast(Recommendations, self._tell("POST", "/v1/recommendations", given))

    def decision(self, decision_id: str) -> Receipt:
        """The receipt of a decision."""
        return cast(Receipt, self._sender.ask(_path("decisions", decision_id)).json())

    def say_status(self, decision_id: str, state: str, **text: Any) -> StatusTaken:
        """Says what became of a decision: `at`, `action`, `reason`, `verified`, `outcome` go with the state."""
        path = f"{_path('decisions', decision_id)}/status"
        return cast(StatusTaken, self._tell("POST", path, {"state": state, **text}))

    def duties(self, **question: str | Sequence[str]) -> Iterator[Duty]:
        """What the playbook owes in a `week`, page after page: `rep`, `account`, `state`, `must`."""
        return cast(Iterator[Duty], self._pages("/v1/duties", "duties", question))

    def say_duties(self, duties: Sequence[Record], week: str | None = None) -> DutyStatusTaken:
        """Says what became of duties of a week: `duty_id`, `account_id` or `rep_id`, `state`, `at`, `note` each."""
        body = {"duties": [dict(duty) for duty in duties], **({} if week is None else {"week": week})}
        return cast(DutyStatusTaken, self._tell("POST", "/v1/duties/status", body))

    def _put_all(self, name: str, records: Iterable[Record]) -> Iterator[RecordsPut]:
        for batch in _batches(records, RECORDS_A_CALL):
            yield cast(RecordsPut, self._tell("POST", f"/v1/{name}", {name: batch}))

    def _tell(self, method: str, path: str, body: Record, headers: Mapping[str, str] | None = None) -> Any:
        return self._sender.tell(method, path, body, headers).json()

    def _pages(self, path: str, name: str, question: Mapping[str, Any]) -> Iterator[Any]:
        cursor: str | None = None
        while True:
            page = self._sender.ask(path, {**question, **({"cursor": cursor} if cursor else {})}).json()
            yield from page[name]
            cursor = page["next_cursor"]
            if cursor is None:
                return


def _path(collection: str, name: str) -> str:
    """The address of one record, whatever signs its id has."""
    return f"/v1/{collection}/{quote(name, safe='')}"


def _batches(items: Iterable[Item], size: int) -> Iterator[list[Item]]:
    left = iter(items)
    while batch := list(islice(left, size)):
        yield batch
