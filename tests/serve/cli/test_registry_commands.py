"""`kqml models`, `promote`, `rollback`, `score` from the outside: JSON by their schemas, files, exit codes."""

import json
import shutil
from pathlib import Path

import jsonschema_rs
import pandas as pd
import pytest
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.errors import BadUse, CouldNot, KqmlError, Refused
from models.registry.served_pointer import POINTER, read_pointer
from serve.usecases.plain_values import to_json

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.fixture
def home(filled, tmp_path, monkeypatch):
    """A home with two versions of grade B."""
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    return tmp_path / "home"


def run(*arguments):
    """The command's JSON, checked against its schema; raises what the command raises."""
    done = CliRunner().invoke(create_app(), [*map(str, arguments), "--json"])
    if done.exception is not None:
        raise done.exception
    answer = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{arguments[0]}.json").read_text())).validate(answer)
    return answer


def shown(*arguments):
    """What a person reads."""
    return CliRunner().invoke(create_app(), list(map(str, arguments)), env={"COLUMNS": "120"}).stdout


def test_versions_moves_and_the_served_pointer_tell_one_story(home):
    first = run("promote", 1, "--why", "the first one", "--who", "li.na")
    assert (first["before"], first["after"], first["who"], first["why"]) == (None, 1, "li.na", "the first one")
    run("promote", 2)
    assert read_pointer(home / "served" / POINTER).version == "2"
    back = run("rollback", "--why", "complaints")
    assert (back["action"], back["before"], back["after"]) == ("rollback", 2, 1)
    assert read_pointer(home / "served" / POINTER).folder == back["published"]
    listed = run("models")
    assert [(version["number"], version["aliases"]) for version in listed["versions"]] == [(2, []), (1, ["champion"])]
    assert [(move["action"], move["after"]) for move in listed["moves"]] == [
        ("promote", 1),
        ("promote", 2),
        ("rollback", 1),
    ]


def test_promoting_the_champion_again_publishes_it_where_the_service_lost_it(home):
    first = run("promote", 1)
    with pytest.raises(Refused, match=r"Version 1 is already the champion.(\n|.)*promote another version"):
        run("promote", 1)

    shutil.rmtree(home / "served")
    again = run("promote", 1, "--who", "li.na")

    assert (again["action"], again["after"], again["published"]) == ("publish", 1, first["published"])
    assert read_pointer(home / "served" / POINTER).version == "1"
    assert [move["action"] for move in run("models")["moves"]] == ["promote"]


def test_people_read_the_same_as_a_table(home):
    run("promote", 1, "--who", "sales ops", "--why", "the first one")
    table = shown("models")
    assert "champion" in table
    assert "0.875" in table
    assert "sales ops：上线 champion，无 → 版本 1（the first one）" in table


def test_a_registry_without_versions_says_what_to_do(registry, tmp_path, monkeypatch):
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    assert run("models")["versions"] == []
    assert "请用 `kqml train DIR` 训练并登记" in shown("models")


def test_a_challenger_is_not_served(home):
    assert run("promote", 2, "--alias", "challenger")["published"] is None
    assert not (home / "served").exists()


def test_scores_of_all_accounts_are_written_as_parquet(home, company, tmp_path):
    run("promote", 1)
    answer = run("score", company.dataset.path, "--out", tmp_path / "scores.parquet", "--language", "en")
    table = pd.read_parquet(tmp_path / "scores.parquet")
    assert table["account_id"].tolist() == company.dataset.event_log().accounts.tolist()
    assert answer["accounts"] == len(table) == 90
    assert answer["eligible"] == table["eligible"].sum() == sum(answer["bands"].values())
    assert table["churn_probability"].notna().tolist() == table["eligible"].tolist()
    assert table["band"].value_counts().to_dict() == {band: n for band, n in answer["bands"].items() if n}
    told = json.loads(table.loc[table["eligible"], "reasons"].iloc[0])
    assert list(told[0]) == ["code", "direction", "contribution", "text"]


def test_a_raised_risk_without_a_cause_says_so(home, company, tmp_path):
    run("promote", 1)
    run("score", company.dataset.path, "--out", tmp_path / "scores.parquet", "--language", "en", "--reasons", 1)
    table = pd.read_parquet(tmp_path / "scores.parquet")
    lacking = table["warnings"].str.contains("no known cause for the raised risk")
    assert lacking.any()
    assert set(table.loc[lacking, "what_goes_with_it"]) == {"no known cause"}
    assert "low" not in set(table.loc[lacking, "band"])


def test_changes_since_an_earlier_cutoff_add_up_in_the_file(home, company, tmp_path):
    run("promote", 2)
    out = tmp_path / "scores.csv"
    cutoffs = ("--cutoff", "2023-02-20", "--since", "2023-01-30", "--since-model", 1)
    answer = run("score", company.dataset.path, "--out", out, *cutoffs)
    assert (answer["since"], answer["cutoff"]) == ("2023-01-30T00:00:00+08:00", "2023-02-20T00:00:00+08:00")
    table = pd.read_csv(out).dropna(subset="change_before")
    parts = table[["change_before", "change_calendar", "change_data", "change_model"]].sum(axis=1)
    assert len(table) > 20
    assert (parts - table["churn_probability"]).abs().max() < 1e-6
    assert (table["change_model"] != 0).any()


def test_another_version_than_the_champion_may_score(home, company, tmp_path):
    answer = run("score", company.dataset.path, "--out", tmp_path / "s.csv", "--model", 2, "--reasons", 0)
    assert answer["model"] == {"version": "2", "grade": "B"}


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (("promote", 7), BadUse, r"'7' – versions: 2, 1"),
        (("rollback",), Refused, "no earlier champion"),
        (("score", "DATA", "--out", "s.csv"), BadUse, "'champion' – versions: 2, 1; `kqml promote VERSION`"),
        (("score", "DATA", "--out", "s.xlsx"), BadUse, r"has the extension '\.xlsx' – use \.parquet or \.csv"),
        (("score", "DATA", "--out", "no/such/s.csv", "--model", 1), CouldNot, "cannot be written"),
        (("score", "nowhere", "--out", "s.csv"), BadUse, "not a dataset"),
        (("score", "DATA", "--out", "s.csv", "--cutoff", "soon"), BadUse, "'soon'"),
        (("score", "DATA", "--out", "s.csv", "--since", "2030-01-01"), BadUse, "not before the cutoff"),
    ],
)
def test_what_cannot_be_done_says_so_and_writes_nothing(home, company, arguments, error, said):
    given = [str(company.dataset.path) if argument == "DATA" else argument for argument in arguments]
    with pytest.raises(error, match=said) as caught:
        run(*given)
    assert list(Path.cwd().iterdir()) == []
    failure = failure_json(caught.value)
    jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{arguments[0]}.json").read_text())).validate(failure)


def failure_json(error: KqmlError):
    """What `serve.cli.output.fail` prints with --json."""
    faults = [{"where": fault.where, "what": fault.what, "todo": fault.todo} for fault in error.faults]
    return json.loads(to_json({"error": error.message, "faults": faults}))
