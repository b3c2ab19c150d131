"""`kqml days`: a rep's week by day from the database, as a table in two languages and as JSON."""

import json
from pathlib import Path

import jsonschema_rs
import pytest
from decision_records import as_texts
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse
from kqml.playbook import read_playbook
from serve.database.accounts import put_accounts
from serve.database.decisions import add_decisions
from serve.database.territory import EVERYWHERE
from serve.usecases.database_access import prepared_database

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "days.json"
WEEK = "2079-W10"
"""Far ahead, so that the present day changes nothing."""

NOW = 1_710_892_800_000_000


def decision(name, **facts):
    row = {
        "decision_id": f"d-{name}",
        "account_id": name,
        "rep_id": "R-7",
        "week": WEEK,
        "cutoff": NOW,
        "policy": "ours@3",
        "playbook": read_playbook().version,
        "assigned": "visit",
        "eligible": ["wait"],
        "blocked": {},
        "must": False,
        **facts,
    }
    return as_texts(row, ("eligible", "blocked"))


@pytest.fixture
def database(tmp_path, monkeypatch):
    """A database with four decisions of a rep's week."""
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    address = f"sqlite:///{tmp_path / 'kqml.db'}"
    monkeypatch.setenv("KQML_DATABASE_URL", address)
    stores = {
        "near": {"visit_weekdays": "Tu", "visit_time": "14:00", "latitude": 31.2, "longitude": 121.4},
        "nearer": {"visit_weekdays": "Tu", "route": "E3", "latitude": 31.21, "longitude": 121.4},
        "shut": {"opening_hours": "Su 09:00-12:00"},
        "twice": {},
    }
    with prepared_database(address, "Asia/Shanghai") as opened, opened.writing() as connection:
        rows = [{"account_id": name, "owner_rep_id": "R-7", "tier": "A", **facts} for name, facts in stores.items()]
        put_accounts(connection, rows, NOW, EVERYWHERE)
        decisions = [decision(name) for name in ("nearer", "shut")]
        decisions += [decision("near", must=True), decision("twice", assigned="two_visits")]
        add_decisions(connection, decisions, NOW)
    return address


def run(*words):
    done = CliRunner().invoke(create_app(), [*words])
    if done.exception is not None:
        raise done.exception
    return done.stdout


def test_the_days_are_printed_as_json_by_the_documented_schema(database):
    result = json.loads(run("days", "R-7", "--week", WEEK, "--json"))
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(result)
    assert {day["date"][-2:]: [each["account_id"] for each in day["actions"]] for day in result["days"]} == {
        "06": ["twice"],
        "07": ["nearer", "near"],
        "08": ["twice"],
        "09": [],
        "10": [],
        "11": [],
        "12": [],
    }
    assert [(left["account_id"], left["why"]) for left in result["left_out"]] == [("shut", "closed")]


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        (
            "en",
            [
                "Tuesday, Mar 7, 2079: 110 of 480 minutes, 1.1 km as the crow flies",
                "14:00–14:20  near     A     visit",
                "two visits (1 of 2)",
                "Without a day: 1",
                "the store takes no visit at these hours",
            ],
        ),
        (
            "zh",
            [
                "周二 2079年3月7日：已排 110 / 480 分钟，直线路程 1.1 公里",
                "必做",
                "（第 1 次，共 2 次）",
                "未能排入：1 项",
                "门店在这些时间不接受拜访",
            ],
        ),
    ],
)
def test_the_days_are_shown_in_both_languages(database, language, lines):
    shown = run("days", "R-7", "--week", WEEK, "--language", language)
    assert [line for line in lines if line not in shown] == []


def test_a_week_without_decisions_says_so(database):
    assert "No open actions" in run("days", "R-7", "--week", "2079-W11", "--language", "en")


def test_an_unknown_rep_is_refused(database):
    with pytest.raises(BadUse, match=r"(?s)The rep does not exist.*'R-9' does not occur in the data"):
        run("days", "R-9")
