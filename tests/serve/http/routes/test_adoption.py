"""`GET /v1/reports/adoption` and `kqml report adoption`: what became of the recommendations of some weeks."""

import json

import pytest
from decision_records import as_texts
from pydantic import TypeAdapter
from typer.testing import CliRunner

from kqml.contract.adoption import AdoptionReport
from kqml.duties import week
from kqml.errors import BadUse
from kqml.playbook import read_playbook
from serve.cli.layouts.adoption import show_adoption
from serve.database.decisions import add_decisions, append_state, withdraw_decisions
from serve.usecases.report_adoption import ReportAdoptionRequest, read_adoption

NOW = 1_710_892_800_000_000  # Wednesday, 20 March 2024, 8:00 in Shanghai
DAY = 86_400_000_000
ROW = {
    "rep_id": "R-7",
    "policy": "ours@3",
    "playbook": "pharmacy@ab12",
    "model": None,
    "eligible": ["wait", "call", "visit"],
    "blocked": {},
    "must": False,
    "receipt": None,
}
NAMES = ("recommended", "accepted", "done", "verified", "overridden", "failed", "ignored", "open", "withdrawn")


@pytest.fixture
def clock():
    return lambda: NOW


@pytest.fixture
def filled(client, database):
    """Decisions of two weeks of two reps, each with its states."""
    lives = [
        ("d1", "R-7", "2024-W11", "visit", [("accepted",), ("done",), ("verified",), ("outcome",)]),
        ("d2", "R-7", "2024-W11", "visit", [("done",)]),
        ("d3", "R-7", "2024-W11", "visit", [("accepted",), ("done", "call")]),
        ("d4", "R-7", "2024-W11", "visit", [("rejected", None, "the owner is abroad")]),
        ("d5", "R-7", "2024-W11", "call", []),
        ("d6", "R-7", "2024-W11", "call", [("accepted",), ("failed", None, "nobody answered")]),
        ("d7", "R-7", "2024-W11", "wait", []),
        ("d8", "R-7", "2024-W12", "visit", [("accepted",)]),
        ("d9", "R-7", "2024-W12", "visit", [("done",), ("recommended", None, "event_retracted")]),
        ("d10", "R-8", "2024-W12", "visit", [("rejected", None, "moved")]),
    ]
    for number, (_, rep, *_) in enumerate(lives):
        client.put(f"/v1/accounts/a{number}", json={"owner_rep_id": rep})
    with database.writing() as connection:
        for number, (name, rep, when, action, states) in enumerate(lives):
            start = week(when).instants("Asia/Shanghai")[0]
            row = {
                **ROW,
                "decision_id": name,
                "account_id": f"a{number}",
                "rep_id": rep,
                "week": when,
                "assigned": action,
            }
            add_decisions(connection, [as_texts({**row, "cutoff": start}, ("eligible", "blocked"))], start)
            for state, *more in states:
                done, reason = (*more, None, None)[:2]
                told = {"state": state, "at": start + DAY, "action": done, "reason": reason}
                append_state(connection, name, told, start + DAY)
    return client


def report(client, **question):
    answer = client.get("/v1/reports/adoption", params=question)
    assert answer.status_code == 200, answer.text
    TypeAdapter(AdoptionReport).validate_python(answer.json(), strict=True)
    return answer.json()


def counts(row):
    return {name: row[name] for name in NAMES if row[name]}


def test_each_recommendation_has_one_fate(filled):
    told = report(filled)
    assert (told["from_week"], told["to_week"]) == ("2024-W09", "2024-W12")
    assert [((row["rep_id"], row["week"], row["action"]), counts(row), row["rate"]) for row in told["rows"]] == [
        (("R-7", "2024-W11", "call"), {"recommended": 2, "accepted": 1, "failed": 1, "ignored": 1}, 0.0),
        (
            ("R-7", "2024-W11", "visit"),
            {"recommended": 4, "accepted": 3, "done": 2, "verified": 1, "overridden": 2},
            0.5,
        ),
        (("R-7", "2024-W12", "visit"), {"recommended": 2, "accepted": 1, "open": 2}, None),
        (("R-8", "2024-W12", "visit"), {"recommended": 1, "overridden": 1}, 0.0),
    ]
    assert counts(told["totals"])["recommended"] == 9


def test_overrides_have_a_reason_and_an_expiry(filled):
    shown = [
        (row["decision_id"], row["kind"], row["instead"], row["reason"], row["expires_at"])
        for row in report(filled)["overrides"]
    ]
    assert shown == [
        ("d10", "rejected", None, "moved", "2024-03-25T00:00:00+08:00"),
        ("d3", "other_action", "call", None, None),
        ("d4", "rejected", None, "the owner is abroad", None),
    ]


def test_a_second_rejection_suppresses_the_action_for_weeks(filled, database):
    with database.writing() as connection:
        row = {**ROW, "decision_id": "d11", "account_id": "a3", "week": "2024-W12", "assigned": "visit"}
        start = week("2024-W12").instants("Asia/Shanghai")[0]
        add_decisions(connection, [as_texts({**row, "cutoff": start}, ("eligible", "blocked"))], start)
        append_state(connection, "d11", {"state": "rejected", "at": NOW, "reason": "still abroad"}, NOW)
    first = report(filled)["overrides"][0]
    # 28 days after the first of the two rejections, of Tuesday, 12 March
    assert (first["decision_id"], first["expires_at"]) == ("d11", "2024-04-09T00:00:00+08:00")


def test_withdrawn_decisions_are_counted_apart(filled, database):
    with database.writing() as connection:
        withdraw_decisions(connection, ["d8"], "no_room", "kqml", NOW)
    (row,) = report(filled, rep="R-7", from_week="2024-W12")["rows"]
    assert counts(row) == {"recommended": 2, "accepted": 1, "open": 1, "withdrawn": 1}


def test_the_weeks_and_the_rep_are_checked(filled):
    answer = filled.get("/v1/reports/adoption", params={"from_week": "2024-W12", "to_week": "2024-W10"})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "from_week")
    assert "give 1 to 53 weeks" in answer.json()["errors"][0]["detail"]
    assert filled.get("/v1/reports/adoption", params={"rep": "R-none"}).status_code == 404


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_command_shows_what_the_api_reports(filled, database, language):
    result = read_adoption(database, ReportAdoptionRequest(None, None, None, read_playbook()), NOW)
    assert json.loads(json.dumps(result)) == report(filled)
    title, _, table, _, overrides = show_adoption(result, language)
    assert "2024-W09" in title.text
    assert len(list(table.rows)) == 3
    assert len(list(overrides.rows)) == 3
    with pytest.raises(BadUse, match="The rep does not exist"):
        read_adoption(database, ReportAdoptionRequest(None, None, "R-none", read_playbook()), NOW)


def test_the_command_needs_the_database():
    from kqml.__main__ import create_app

    done = CliRunner().invoke(create_app(), ["report", "adoption"])
    assert isinstance(done.exception, BadUse)
