"""`kqml report grades` from the outside: JSON by its schema, one account's evidence, files, tables, misuse."""

import json
from pathlib import Path

import jsonschema_rs
import pandas as pd
import pytest
from small_company import shared_small_company
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse

SCHEMA = Path(__file__).parents[3] / "docs" / "schemas" / "report-grades.json"


@pytest.fixture(scope="module")
def folder():
    return shared_small_company().dataset.path


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def run(*arguments):
    """The command's JSON, checked against its schema; raises what the command raises."""
    done = CliRunner().invoke(create_app(), ["report", "grades", *map(str, arguments), "--json"])
    if done.exception is not None:
        raise done.exception
    answer = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads(SCHEMA.read_text())).validate(answer)
    return answer


def shown(*arguments):
    """What a person reads."""
    return CliRunner().invoke(create_app(), ["report", "grades", *map(str, arguments)], env={"COLUMNS": "200"}).stdout


def test_every_account_is_counted_once_in_each_period(folder):
    answer = run(folder, "--quarters", 3)
    names = [period["period"] for period in answer["periods"]]
    assert names[0] == "trailing"
    assert len(names) == 1 + 3 + 2
    for period in answer["periods"]:
        for name, counts in period["counts"].items():
            assert sum(counts.values()) == answer["accounts"], (period["period"], name)


def test_one_account_comes_with_its_evidence(folder, tmp_path):
    answer = run(folder, "--quarters", 2, "--out", tmp_path / "standings.parquet")
    rows = pd.read_parquet(tmp_path / "standings.parquet")
    assert answer["written"]["rows"] == len(rows) == answer["accounts"] * 5
    name = rows["account_id"].iloc[7]
    one = run(folder, "--quarters", 2, "--account", name)["account"]
    assert one["account_id"] == name
    line = rows[(rows["account_id"] == name) & (rows["period"] == "trailing")].iloc[0]
    now = one["standing"][0]
    assert (now["level"], now["abc"]) == (line["level"], line["abc"])
    assert sum(entry["left"] for entry in one["statement"]) == pytest.approx(now["emotional_balance"])
    assert {criterion["name"] for criterion in one["criteria"]} >= {"contacts_met", "meetings"}
    weights = [field["weight"] for field in one["missing"]]
    assert weights == sorted(weights, reverse=True)


def test_people_read_it_in_both_languages(folder):
    account = run(folder, "--quarters", 0)["dataset"] and pd.read_parquet(folder / "accounts.parquet")["account_id"][0]
    assert "Emotional balance" in shown(folder, "--account", account, "--language", "en")
    assert "情感账户余额" in shown(folder, "--account", account, "--language", "zh")
    assert "532 分类" in shown(folder, "--language", "zh", "--quarters", 1)
    assert "playbook dealer@" in shown(folder, "--language", "en", "--playbook", "dealer", "--quarters", 1)


def test_an_earlier_cutoff_sees_only_what_was_known_then(folder):
    then = run(folder, "--at", "2022-10-01", "--quarters", 1)
    assert then["periods"][0]["end"].startswith("2022-10-01")
    assert then["periods"][1]["period"] == "2022-Q3"
    assert then["periods"][0]["card_complete"] is None, "the tables are of now"


@pytest.mark.parametrize(
    ("flags", "said"),
    [
        (("--account", "nobody"), "'nobody'"),
        (("--at", "soon"), "'soon'"),
        (("--out", "standings.xlsx"), "use .parquet or .csv"),
        (("--playbook", "nothing.toml"), "nothing.toml"),
    ],
)
def test_misuse_is_told(folder, flags, said):
    with pytest.raises(BadUse, match=said):
        run(folder, *flags)


def test_periods_before_the_first_record_are_not_told(folder):
    began = min(json.loads((Path(folder) / "dataset.json").read_text())["kinds_recorded"].values())
    answer = run(folder, "--quarters", 40)
    assert len(answer["periods"]) < 1 + 40 + 2
    assert all(pd.Timestamp(period["end"]) > pd.Timestamp(began) for period in answer["periods"])
