"""One report of one fact: a contact is reported as an event or as the state of a decision, and counts once."""

from concurrent.futures import ThreadPoolExecutor

import orjson
import pytest
from decision_records import as_texts
from sqlalchemy import select

from serve.database.decision_logs import read_log
from serve.database.decisions import add_decisions
from serve.database.tables import CONTACT_NOTES, EVENTS
from serve.security.audit import Actor
from serve.security.erasure import erase, export_contact

NOW = 1_710_892_800_000_000  # Wednesday, 20 March 2024, 8:00 in Shanghai
DAY = 86_400_000_000
MONDAY = 1_710_691_200_000_000
ROW = {
    "decision_id": "d1",
    "account_id": "a",
    "rep_id": "R-7",
    "week": "2024-W12",
    "cutoff": MONDAY,
    "policy": "ours@3",
    "playbook": "pharmacy@ab12",
    "model": "3",
    "assigned": "visit",
    "probability": 0.8,
    "eligible": ["wait", "call", "visit"],
    "blocked": {},
    "explored": False,
    "must": False,
    "holdout": False,
    "evaluable": True,
    "receipt": None,
}
VISIT = {"event_id": "v-1", "account_id": "a", "kind": "visit", "rep_id": "R-7", "minutes": 30}
TUESDAY = "2024-03-19T10:00:00+08:00"
REPORT = {
    "minutes": 25,
    "contact_id": "c",
    "business": {"went_well": "the new display", "lesson": "come before ten"},
    "personal": "her son sits the exam in June",
    "next_appointment": "2024-03-27T10:00:00+08:00",
}


@pytest.fixture
def now():
    return [NOW]


@pytest.fixture
def clock(now):
    return lambda: now[0]


@pytest.fixture
def decided(client, database):
    client.put("/v1/accounts/a", json={"owner_rep_id": "R-7", "tier": "A"})
    client.put("/v1/contacts/c", json={"account_id": "a", "role": "owner"})
    decide(database)
    return client


def decide(database, **more):
    with database.writing() as connection:
        add_decisions(connection, [as_texts({**ROW, **more}, ("eligible", "blocked", "receipt"))], MONDAY)


def status(client, state, key=None, decision="d1", **more):
    headers = {} if key is None else {"idempotency-key": key}
    return client.post(f"/v1/decisions/{decision}/status", json={"state": state, **more}, headers=headers)


def done(client, key=None, **more):
    status(client, "accepted")
    return status(client, "done", key, **more)


def send(client, **more):
    answer = client.post("/v1/events", json={"events": [{**VISIT, "occurred_at": TUESDAY, **more}]})
    assert answer.status_code == 200, answer.text


def states(client, decision="d1"):
    return [state["state"] for state in client.get(f"/v1/decisions/{decision}").json()["states"]]


def counted(database, *kinds):
    """The ids of the events of these kinds that are not retracted."""
    with database.reading() as connection:
        rows = connection.execute(select(EVENTS.c.event_id, EVENTS.c.kind, EVENTS.c.ref)).all()
    retracted = {row.ref for row in rows if row.kind == "event_retracted"}
    return [row.event_id for row in rows if row.kind in (kinds or ("visit",)) and row.event_id not in retracted]


def test_a_report_brings_the_event_the_notes_and_the_next_appointment(decided, database):
    assert done(decided, at=TUESDAY, report=REPORT).status_code == 200
    assert counted(database) == ["kqml:done:d1:2"]
    with database.reading() as connection:
        visit = connection.execute(select(EVENTS).where(EVENTS.c.kind == "visit")).mappings().one()
        promise = connection.execute(select(EVENTS).where(EVENTS.c.kind == "promise_made")).mappings().one()
        note = connection.execute(select(CONTACT_NOTES)).mappings().one()
    assert (visit["minutes"], visit["rep_id"], visit["contact_id"], visit["known_at"]) == (25.0, "R-7", "c", NOW)
    assert (promise["due_at"], promise["occurred_at"]) == (1_711_504_800_000_000, visit["occurred_at"])
    assert orjson.loads(note["business"]) == REPORT["business"]
    assert "exam" not in note["personal"]


@pytest.mark.parametrize("order", [("event", "report"), ("report", "event")])
@pytest.mark.parametrize("when", [{"at": TUESDAY}, {}])
def test_a_contact_counts_once_whichever_report_comes_first(decided, database, order, when):
    for step in order:
        if step == "event":
            send(decided)
            send(decided)
        else:
            told = {"minutes": 25, "business": {"summary": "all well"}}
            answers = [done(decided, "key", report=told, **when) for _ in range(2)]
            assert [answer.status_code for answer in answers] == [200, 200]
    assert counted(database) == ["v-1"]
    assert states(decided).count("done") == 1
    (row,) = decided.get("/v1/reps/R-7/plan", params={"week": "2024-W12"}).json()["decisions"]
    assert [note["business"] for note in row["notes"]] == [{"summary": "all well"}]
    send(decided, event_id="v-2", occurred_at="2024-03-20T07:30:00+08:00")
    assert sorted(counted(database)) == ["v-1", "v-2"]  # another visit is another fact


def test_reports_that_arrive_together_count_once(decided, database):
    names = [f"t{number}" for number in range(6)]
    for name in names:
        decide(database, decision_id=name, account_id=name)
        assert status(decided, "accepted", decision=name).status_code == 200

    def told(name):
        return status(decided, "done", decision=name, at=TUESDAY, report={"minutes": 20})

    with ThreadPoolExecutor(4) as pool:
        reports = [pool.submit(told, name) for name in names]
        events = [pool.submit(send, decided, event_id=f"v-{name}", account_id=name) for name in names]
        assert {each.result().status_code for each in reports} == {200}
        assert [each.result() for each in events] == [None] * len(names)
    assert sorted(counted(database)) == [f"v-{name}" for name in names]
    assert {states(decided, name).count("done") for name in names} == {1}


@pytest.mark.parametrize(
    ("event", "fits"),
    {
        "the contact that was recommended": ({}, True),
        "of no rep": ({"rep_id": None}, True),
        "of another rep": ({"rep_id": "R-8"}, False),
        "another channel": ({"kind": "call"}, False),
        "a meeting is a visit": ({"kind": "meeting"}, True),
        "of another week": ({"occurred_at": "2024-03-17T23:59:00+08:00"}, False),
        "too short": ({"minutes": 2}, False),
        "of another account": ({"account_id": "b"}, False),
    }.values(),
)
def test_an_event_that_fits_carries_out_the_decision(decided, event, fits):
    send(decided, **event)
    assert states(decided) == ["recommended", *(["done"] if fits else [])]


def test_two_visits_are_done_with_the_second(decided, database):
    decide(database, decision_id="d2", account_id="b", assigned="two_visits")
    send(decided, account_id="b")
    assert states(decided, "d2") == ["recommended"]
    send(decided, account_id="b", event_id="v-2", occurred_at="2024-03-20T07:00:00+08:00")
    assert states(decided, "d2") == ["recommended", "done"]


def test_a_withdrawn_decision_that_is_carried_out_all_the_same_is_done(decided, database):
    from serve.database.decisions import withdraw_decisions

    with database.writing() as connection:
        withdraw_decisions(connection, ["d1"], "no_room", "kqml", NOW - 1)
    send(decided)
    assert states(decided) == ["recommended", "withdrawn", "done"]


def test_a_retracted_contact_reopens_its_decision(decided, database, now):
    done(decided, at=TUESDAY)
    send(decided)
    send(decided, event_id="x", kind="event_retracted", ref="v-1", occurred_at="2024-03-20T08:00:00+08:00")
    assert states(decided) == ["recommended", "accepted", "done", "accepted"]
    assert counted(database) == []
    with database.reading() as connection:
        log = read_log(connection, ["wait", "call", "visit"], NOW + 8 * DAY, 28)
    assert (len(log.decisions), len(log.states)) == (1, 0)
    assert status(decided, "done").status_code == 200
    assert counted(database) == ["kqml:done:d1:4"]


def test_a_verified_visit_verifies_its_decision_and_outlasts_a_retraction(decided):
    send(decided)
    send(decided, event_id="ok", kind="visit_verified", ref="v-1", minutes=None)
    send(decided, event_id="x", kind="event_retracted", ref="v-1", occurred_at="2024-03-20T08:00:00+08:00")
    assert states(decided) == ["recommended", "done", "verified"]


def test_an_appointment_is_required_on_its_day_and_kept_by_a_contact(decided, database, now):
    done(decided, at=TUESDAY, report=REPORT)

    def promises():
        rows = decided.get("/v1/duties", params={"account": "a", "week": "2024-W13"}).json()["duties"]
        return [(row["state"], row["must"]) for row in rows if row["duty"] == "promise"]

    now[0] = NOW + 5 * DAY
    assert promises() == [("due", True)]
    send(decided, event_id="early", kind="call", occurred_at="2024-03-25T07:30:00+08:00")
    assert promises() == [("due", True)]
    now[0] = NOW + 8 * DAY
    send(decided, event_id="v-2", occurred_at="2024-03-27T09:00:00+08:00")
    send(decided, event_id="v-3", occurred_at="2024-03-27T15:00:00+08:00")
    assert counted(database, "promise_kept") == ["kqml:kept:appointment:d1:2"]
    now[0] += 1
    assert promises() == [("done", False)]


def test_personal_notes_are_shown_to_those_who_may_and_erased_with_the_contact(decided, database):
    done(decided, at=TUESDAY, report=REPORT)
    (row,) = decided.get("/v1/reps/R-7/plan", params={"week": "2024-W12"}).json()["decisions"]
    (note,) = row["notes"]
    assert (note["at"], note["contact_id"], note["business"]) == (TUESDAY, "c", REPORT["business"])
    assert note["personal"] == REPORT["personal"]
    with database.writing() as connection:
        exported = export_contact(connection, decided.app.state.service.cipher, "c")
        assert [each["personal"] for each in exported["notes"]] == [REPORT["personal"]]
        assert erase(connection, Actor("test"), "c", NOW) is not None
    (row,) = decided.get("/v1/reps/R-7/plan", params={"week": "2024-W12"}).json()["decisions"]
    assert [(note["business"], note["personal"]) for note in row["notes"]] == [(REPORT["business"], None)]


@pytest.mark.parametrize(
    ("state", "report", "pointer", "detail"),
    [
        ("failed", {"minutes": 5}, "#/report", "goes with the state done"),
        ("done", {"personal": "likes tea"}, "#/report/contact_id", "is missing"),
        ("done", {"contact_id": "c9"}, "#/report/contact_id", "not a contact of the account"),
        ("done", {"next_appointment": "2024-03-19T10:00:00+08:00"}, "#/report/next_appointment", "not in the future"),
        ("done", {"next_appointment": "2024-03-27T22:00:00+08:00"}, "#/report/next_appointment", "quiet hours"),
        ("done", {"next_appointment": "2026-03-27T10:00:00+08:00"}, "#/report/next_appointment", "days ahead"),
        ("done", {"business": {"mood": "good"}}, "#/report/business/mood", "not"),
    ],
)
def test_a_faulty_report_is_pointed_at_and_changes_nothing(decided, database, state, report, pointer, detail):
    status(decided, "accepted")
    more = {"reason": "closed"} if state == "failed" else {}
    answer = status(decided, state, report=report, **more)
    assert answer.status_code == 422, answer.text
    (error,) = answer.json()["errors"]
    assert error["pointer"] == pointer
    assert detail in error["detail"]
    assert (states(decided), counted(database)) == (["recommended", "accepted"], [])
