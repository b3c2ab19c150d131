"""`kqml plan` from the outside: a week, a rep's Excel, a log that replays, no model."""

import json
from pathlib import Path

import jsonschema_rs
import openpyxl
import pandas as pd
import pytest
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse, KqmlError, Refused
from models.policy.planning.plan_file import write_plan

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "plan.json"
WEEK = "2023-W08"


@pytest.fixture
def home(filled, tmp_path, monkeypatch):
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    CliRunner().invoke(create_app(), ["promote", "1"])


def run(*words):
    done = CliRunner().invoke(create_app(), ["plan", *map(str, words), "--json"])
    if done.exception is not None:
        raise done.exception
    answer = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(answer)
    return answer


def test_a_week_is_planned_logged_and_decided_again_to_the_bit(home, company, tmp_path):
    folder, log = company.dataset.path, tmp_path / "log"
    first = run(folder, "--week", WEEK, "--log", log)
    assert first["log"] == {"folder": str(log), "rows": first["accounts"], "replayed": False}
    assert first["model"] == {"version": "1", "grade": "B"}
    assert first["totals"]["net_value"] is None
    assert first["evidence"]["code"] == "no_log"
    again = run(folder, "--week", WEEK, "--log", log)
    assert again["log"]["replayed"] is True
    assert again["plan"] == first["plan"]
    for row in first["reps"]:
        assert row["minutes"][0] <= row["minutes"][1]
    decisions = pd.read_parquet(log / "decisions.parquet")
    features = pd.read_parquet(log / "decision_features.parquet")
    assert len(decisions) == first["accounts"]
    assert set(features["decision_id"]) & set(decisions["decision_id"])
    with pytest.raises(Refused, match="differs from the decision log"):
        run(folder, "--week", WEEK, "--log", log, "--model", "2")
    run(folder, "--week", "2023-W09", "--log", log)
    assert pd.read_parquet(log / "decisions.parquet")["week"].nunique() == 2


def test_a_rep_gets_an_excel_sheet_with_briefs(home, company, tmp_path):
    told = run(company.dataset.path, "--week", WEEK, "--rep", "R0001-00", "--out", tmp_path / "plan.xlsx")
    sheet = openpyxl.load_workbook(tmp_path / "plan.xlsx").active
    assert sheet.max_row == 2 + len(told["plan"])
    assert [sheet.cell(3 + place, 1).value for place in range(len(told["plan"]))] == [
        row["account_id"] for row in told["plan"]
    ]
    assert {row["rep_id"] for row in told["plan"]} == {"R0001-00"}
    assert all("brief" in row for row in told["plan"])


def test_text_in_a_sheet_is_never_a_formula(tmp_path):
    brief = dict.fromkeys(("musts", "why", "open", "offer", "ask", "last", "steps", "hours", "personal"), ("=1+1",))
    plain = dict.fromkeys(("rep_id", "tier", "action", "given_for", "minutes", "money", "band", "value_at_risk"))
    write_plan(tmp_path / "p.xlsx", "=t", [{"account_id": "=2+2", "name": "=3", **plain, "brief": brief}], "en")
    cells = [cell for row in openpyxl.load_workbook(tmp_path / "p.xlsx").active.iter_rows() for cell in row]
    assert not [cell.value for cell in cells if cell.data_type == "f"]


def test_without_a_model_it_plans_by_musts_and_cadence_and_says_so(company, tmp_path, monkeypatch):
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "empty"))
    told = run(company.dataset.path)
    assert (told["model"], told["evidence"]["code"], told["week"]) == (None, "no_model", "2023-W09")
    assert told["totals"]["recommended"] > 0
    assert not (tmp_path / "empty").exists()


@pytest.mark.parametrize(
    ("flags", "told"),
    {
        "another format": (["--out", "plan.pdf"], r"use one of \.xlsx"),
        "no such week": (["--week", "2023-W60"], "There is no such week"),
        "no such rep": (["--rep", "nobody"], "The rep does not exist"),
    }.values(),
)
def test_bad_use_says_what_to_do(company, tmp_path, monkeypatch, flags, told):
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "empty"))
    with pytest.raises(BadUse) as failed:
        run(company.dataset.path, *flags)
    assert isinstance(failed.value, KqmlError)
    assert pd.Series([str(failed.value)]).str.contains(told).all()
