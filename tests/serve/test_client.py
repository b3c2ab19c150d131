"""The Python client against the app: what it sends, how often, what it makes of answers."""

import io
import random
from collections.abc import Callable

import httpx
import pytest
from database_fixtures import *  # noqa: F403
from starlette.testclient import TestClient

from kqml.client import ApiProblem, Client, RetryPolicy, Unreachable
from kqml.client.sending import Sender

EVENTS = [
    {"event_id": f"e{place}", "account_id": "S-1", "occurred_at": "2024-03-01T10:00:00+08:00", "kind": "visit"}
    for place in range(7)
]

Handler = Callable[[httpx.Request], httpx.Response]


def bridge(app: TestClient) -> Handler:
    """Hands a request of the client to the app."""

    def answer(request: httpx.Request) -> httpx.Response:
        headers = {name: value for name, value in request.headers.items() if name != "host"}
        got = app.request(request.method, request.url.raw_path.decode(), content=request.read(), headers=headers)
        plain = {name: value for name, value in got.headers.items() if name != "content-encoding"}
        return httpx.Response(got.status_code, headers=plain, content=got.content)

    return answer


def client_through(handler: Handler, **patience: float) -> Client:
    kept = RetryPolicy(first=0.0, **patience)
    return Client("http://kqml.test", retries=kept, transport=httpx.MockTransport(handler))


@pytest.fixture
def kqml(client: TestClient) -> Client:
    return client_through(bridge(client))


def test_events_go_in_batches_and_count_once(kqml: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kqml.client.client.EVENTS_A_CALL", 3)

    first = [(taken["added"], taken["known"]) for taken in kqml.send_events(EVENTS)]
    again = [(taken["added"], taken["known"]) for taken in kqml.send_events(iter(EVENTS))]

    assert (first, again) == ([(3, 0), (3, 0), (1, 0)], [(0, 3), (0, 3), (0, 1)])


def test_records_are_put_in_then_listed_over_pages(kqml: Client) -> None:
    names = [f"S/{place} 店" for place in range(5)]

    list(kqml.put_reps([{"rep_id": "R-1", "name": "Zhao"}]))
    tally = list(kqml.put_accounts({"account_id": name, "tier": "A", "owner_rep_id": "R-1"} for name in names))
    listed = [account["account_id"] for account in kqml.accounts(rep="R-1", sort="account_id", limit="2")]

    assert tally == [{"created": 5, "changed": 0, "same": 0}]
    assert listed == names


def test_an_account_is_changed_only_where_nobody_else_did(kqml: Client) -> None:
    kqml.put_account("S 1% 店?", {"tier": "B"})
    account, etag = kqml.account("S 1% 店?")
    kqml.put_account("S 1% 店?", {"tier": "A"}, if_match=etag)

    assert account["tier"] == "B"
    with pytest.raises(ApiProblem, match="412 changed"):
        kqml.put_account("S 1% 店?", {"tier": "C"}, if_match=etag)


def test_a_duty_is_said_to_be_done(kqml: Client) -> None:
    kqml.put_account("S-1", {"tier": "A", "opened_on": "2020-01-01"})
    duty = next(row for row in kqml.duties(week="2024-W12", must="false", limit="1") if row["channel"] == "visit")
    said = {"duty_id": duty["duty_id"], "account_id": duty["account_id"], "state": "done"}

    assert kqml.mark_duties([said], week="2024-W12") == {"added": 1, "known": 0}
    assert kqml.mark_duties([said], week="2024-W12") == {"added": 0, "known": 1}


def test_scores_are_asked_by_history(kqml: Client) -> None:
    history = [{"occurred_at": "2024-03-01T10:00:00+08:00", "kind": "order", "amount": 10.0}]

    found = kqml.score([{"account_id": "S-9", "events": history}], as_of="2024-03-20T00:00:00+08:00", language="en")

    assert [(score["account_id"], score["churn_probability"]) for score in found["scores"]] == [("S-9", 0.25)]
    assert found["model"]["version"] == "3"


def test_a_refusal_names_every_item(kqml: Client) -> None:
    bad = [{**EVENTS[0], "kind": "teleport"}, {**EVENTS[1], "minutes": -1}]

    with pytest.raises(ApiProblem, match="422 invalid-request") as refused:
        list(kqml.send_events(bad))

    assert [item.where for item in refused.value.items] == ["#/events/0/kind", "#/events/1/minutes"]
    assert refused.value.request_id


def test_what_is_not_there_is_a_problem(kqml: Client) -> None:
    with pytest.raises(ApiProblem, match="404 not-found"):
        kqml.decision("D/none")


def test_a_change_whose_answer_was_lost_is_made_once(client: TestClient) -> None:
    """The service did it, the answer did not come back: the next try carries the same key, gets the same answer."""
    through, lost = bridge(client), [httpx.ReadTimeout("lost"), httpx.RemoteProtocolError("cut"), None]
    keys = []

    def losing(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        answer, failure = through(request), lost.pop(0)
        if failure is not None:
            raise failure
        return answer

    tally = list(client_through(losing).put_accounts([{"account_id": "S-7"}]))

    assert tally == [{"created": 1, "changed": 0, "same": 0}]
    assert (len(keys), len(set(keys))) == (3, 1)


class Time:
    """A clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


def sender(handler: Handler, time: Time, **policy: float) -> Sender:
    http = httpx.Client(base_url="http://kqml.test", transport=httpx.MockTransport(handler))
    return Sender(http, RetryPolicy(**policy), time.sleep, time, random.Random(0))


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_what_may_pass_is_tried_again_until_the_budget_is_spent(status: int) -> None:
    time = Time()
    with pytest.raises(ApiProblem, match=f"^{status} unknown: The service gave no reason"):
        sender(lambda request: httpx.Response(status, text="<html>a proxy speaks</html>"), time).get("/v1/model")
    assert 75 < time.now <= 90
    assert max(time.pauses) <= 15


@pytest.mark.parametrize("down", [8.0, 43.0, 60.0])
def test_a_restart_is_waited_for(down: float) -> None:
    time = Time()

    def answer(request: httpx.Request) -> httpx.Response:
        if time.now < down:
            raise httpx.ConnectError("refused")
        return httpx.Response(200, json={"status": "ok"})

    assert sender(answer, time).get("/healthz").json() == {"status": "ok"}
    assert time.now < down + 15


@pytest.mark.parametrize("status", [404, 422, 500])
def test_what_will_not_pass_is_tried_once(status: int) -> None:
    seen = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(status, text="<html>a proxy speaks</html>")

    with pytest.raises(ApiProblem, match=f"^{status} unknown: The service gave no reason"):
        client_through(answer).decision("D-1")
    assert len(seen) == 1


def test_a_service_that_never_answers_is_unreachable() -> None:
    def nothing(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    with pytest.raises(Unreachable, match=r"GET http://kqml.test/v1/model was not answered in 13 tries"):
        sender(nothing, Time()).get("/v1/model")
    with pytest.raises(Unreachable, match=r"GET http://kqml.test/v1/model was not answered in 1 try"):
        sender(nothing, Time(), budget=0.0).get("/v1/model")


def test_a_longer_wait_than_the_budget_is_not_begun() -> None:
    time = Time()
    with pytest.raises(ApiProblem, match="503 unknown"):
        sender(lambda request: httpx.Response(503, headers={"retry-after": "3600"}), time).get("/v1/model")
    assert time.now == 0


def test_pauses_grow_and_the_service_may_ask_for_longer_ones() -> None:
    answers_of = iter([httpx.Response(503), httpx.Response(503, headers={"retry-after": "7"}), httpx.Response(503)])
    time = Time()

    sender(lambda request: next(answers_of, httpx.Response(200)), time, first=1.0, growth=4.0).get("/healthz")

    assert time.pauses[1] == 7.0
    assert 0.5 <= time.pauses[0] <= 1.0 < 7.5 <= time.pauses[2] <= 15.0


def test_a_week_is_recommended_then_told(kqml: Client) -> None:
    list(kqml.put_reps([{"rep_id": "R-1"}]))
    list(kqml.put_accounts({"account_id": f"S-{place}", "tier": "A", "owner_rep_id": "R-1"} for place in range(3)))

    found = kqml.recommend(rep_id="R-1")
    again = kqml.recommend(accounts=["S-1"], week=found["week"])
    told = [kqml.plan(rep["rep_id"], found["week"]) for rep in kqml.reps()]

    assert (found["decided"], again["decided"]) == (["R-1"], [])
    assert [one["account_id"] for one in again["decisions"]] == ["S-1"]
    assert {one["evidence"]["code"] for one in found["decisions"] if one["evidence"]} == {"no_model"}
    ids = sorted(one["decision_id"] for one in found["decisions"])
    assert [sorted(one["decision_id"] for one in plan["decisions"]) for plan in told] == [ids]


def test_decisions_are_listed_as_they_change(kqml: Client) -> None:
    list(kqml.put_accounts({"account_id": f"S-{place}", "tier": "A", "owner_rep_id": "R-1"} for place in range(3)))
    names = [one["decision_id"] for one in kqml.recommend(rep_id="R-1")["decisions"]]
    kqml.record_status(names[0], "accepted")

    listing = kqml.decisions(rep="R-1", limit="2")
    listed = list(listing)
    assert list(kqml.decisions(rep="R-1", changed_since=listing.complete_until)) == listed

    assert {one["decision_id"]: one["state"] for one in listed} == dict.fromkeys(names, "recommended") | {
        names[0]: "accepted"
    }


def test_an_export_is_written_to_a_file(kqml: Client) -> None:
    list(kqml.put_accounts([{"account_id": "S-1", "tier": "A", "owner_rep_id": "R-1"}]))
    week = kqml.recommend(rep_id="R-1")["week"]
    file = io.BytesIO()

    size = kqml.export("plans", file, week=week)

    assert size == len(file.getvalue())
    assert b'"S-1"' in file.getvalue()
    with pytest.raises(ApiProblem, match="404 not-found"):
        kqml.export("secrets", file)


def test_some_fields_of_a_record_are_changed(kqml: Client) -> None:
    kqml.put_account("S/1", {"tier": "B", "name": "Corner"})
    _, etag = kqml.account("S/1")

    changed = kqml.patch_account("S/1", {"tier": "A"}, if_match=etag)

    assert (changed["tier"], changed["name"]) == ("A", "Corner")
    with pytest.raises(ApiProblem, match="412 changed"):
        kqml.patch_account("S/1", {"tier": "C"}, if_match=etag)
    list(kqml.put_reps([{"rep_id": "R-1", "name": "Zhao"}]))
    list(kqml.put_contacts([{"contact_id": "c", "account_id": "S/1"}]))
    assert kqml.patch_rep("R-1", {"region": "east"}) == {"created": 0, "changed": 1, "same": 0}
    assert kqml.patch_contact("c", {"role": "owner"}) == {"created": 0, "changed": 1, "same": 0}


def test_a_week_is_shown_by_day(kqml: Client) -> None:
    list(kqml.put_reps([{"rep_id": "R-1"}]))
    list(kqml.put_accounts([{"account_id": "S-1", "tier": "A", "owner_rep_id": "R-1", "visit_weekdays": "Sa"}]))
    week = kqml.recommend(rep_id="R-1")["week"]

    shown = kqml.days("R-1", week)

    assert (shown["rep_id"], shown["week"], len(shown["days"])) == ("R-1", week, 7)
    assert shown["days"] == kqml.days("R-1")["days"]
