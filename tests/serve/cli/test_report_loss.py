"""`kqml report loss` from the outside: JSON by its schema, sums over groups, files, tables, misuse."""

import json
from pathlib import Path

import jsonschema_rs
import pandas as pd
import pytest
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "report-loss.json"


@pytest.fixture
def home(filled, tmp_path, monkeypatch):
    """A home with two versions of grade B, none of them the champion."""
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)


def run(*arguments):
    """The command's JSON, checked against its schema; raises what the command raises."""
    done = CliRunner().invoke(create_app(), ["report", "loss", *map(str, arguments), "--json"])
    if done.exception is not None:
        raise done.exception
    answer = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(answer)
    return answer


def shown(*arguments):
    """What a person reads."""
    return CliRunner().invoke(create_app(), ["report", "loss", *map(str, arguments)], env={"COLUMNS": "160"}).stdout


def test_every_grouping_adds_up_to_the_whole(home, company, tmp_path):
    report = run(company.dataset.path, "--model", 1, "--out", tmp_path / "losses.parquet")
    assert report["model"] == {"version": "1", "grade": "B"}
    assert report["lost"]["lost"] > 0
    for way in ("tier", "region", "rep", "reason"):
        groups = [group for group in report["groups"] if group["by"] == way]
        for name in ("lost", "returned", "revenue", "margin"):
            total = sum(group["lost"][name] for group in groups if group["lost"])
            assert total == pytest.approx(report["lost"][name]), (way, name)
        expected = sum(group["expected"]["revenue"]["mean"] for group in groups if group["expected"])
        assert expected == pytest.approx(report["expected"]["revenue"]["mean"]), way


def test_the_file_holds_every_account_behind_the_sums(home, company, tmp_path):
    report = run(company.dataset.path, "--model", 1, "--out", tmp_path / "losses.parquet")
    rows = pd.read_parquet(tmp_path / "losses.parquet")
    lost, expected = rows[rows["what"] == "lost"], rows[rows["what"] == "expected"]
    assert report["written"]["rows"] == len(rows)
    assert (len(lost), len(expected)) == (report["lost"]["lost"], report["expected"]["accounts"])
    assert lost["margin"].sum() == pytest.approx(report["lost"]["margin"])
    assert (expected["churn_probability"] * expected["margin"]).sum() == pytest.approx(
        report["expected"]["margin"]["mean"]
    )


def test_without_a_model_losses_are_counted_and_nothing_is_expected(home, company):
    report = run(company.dataset.path, "--by", "reason")
    assert (report["model"], report["expected"]) == (None, None)
    assert {group["by"] for group in report["groups"]} == {"reason"}
    assert "没有可用的模型" in shown(company.dataset.path, "--by", "reason", "--language", "zh")
    assert "No model is available" in shown(company.dataset.path, "--by", "reason", "--language", "en")


def test_the_champion_is_asked_where_no_version_is_named(home, company):
    CliRunner().invoke(create_app(), ["promote", "2"])
    report = run(company.dataset.path, "--by", "tier")
    assert report["model"] == {"version": "2", "grade": "B"}
    assert report["expected"]["lost"]["low"] <= report["expected"]["lost"]["mean"] <= report["expected"]["lost"]["high"]


def test_a_look_back_leaves_out_what_a_later_day_would_show(home, company):
    early = run(company.dataset.path, "--from", "2022-06-01", "--to", "2022-12-01", "--by", "tier")
    assert early["period"] == {"start": "2022-06-01T00:00:00+08:00", "end": "2022-12-01T00:00:00+08:00"}
    whole = run(company.dataset.path, "--from", "2022-06-01", "--by", "tier")
    assert early["lost"]["lost"] <= whole["lost"]["lost"]


def test_people_read_what_the_numbers_rest_on(home, company):
    english = shown(company.dataset.path, "--model", 1, "--language", "en")
    assert "a causal effect is not proven" in english
    assert "By reason" in english
    chinese = shown(company.dataset.path, "--model", 1, "--language", "zh")
    assert "没有证明因果关系" in chinese
    assert "按原因" in chinese


def test_a_csv_can_be_written(home, company, tmp_path):
    report = run(company.dataset.path, "--out", tmp_path / "losses.csv")
    assert len(pd.read_csv(tmp_path / "losses.csv")) == report["lost"]["lost"]


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--from", "2030-01-01"), "is not before the end"),
        (("--to", "2040-01-01"), "is after the data"),
        (("--by", "colour", "--by", "size"), "'colour' is not known(.|\n)*'size' is not known"),
        (("--out", "losses.xlsx"), "use .parquet or .csv"),
        (("--model", "9"), "no version 9"),
        (("--from", "yesterday"), "'yesterday'"),
    ],
)
def test_misuse_is_told(home, company, flags, said):
    with pytest.raises(BadUse, match=said):
        run(company.dataset.path, *flags)
