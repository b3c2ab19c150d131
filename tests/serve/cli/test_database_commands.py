"""`kqml import`, `export`, `score`, `train` with `--database`."""

import json
from pathlib import Path

import jsonschema_rs
import pandas as pd
import pytest
from sqlalchemy import select, update
from typer.testing import CliRunner

from kqml.__main__ import create_app
from kqml.dataset.folder import read_dataset
from kqml.errors import BadUse
from kqml.playbook import read_playbook
from serve.cli.database_option import with_address
from serve.database.engine import open_database
from serve.database.tables import ACCOUNT_GRADES, ACCOUNTS, LATEST_SCORES, SCORES
from serve.usecases.report_grades import GradesRequest, report_grades

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.fixture
def home(filled, tmp_path, monkeypatch):
    """A home with two versions of grade B."""
    monkeypatch.setenv("KQML_HOME", str(tmp_path / "home"))
    for name in ("MLFLOW_TRACKING_URI", "KQML_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "home"


def run(*arguments):
    """The command's JSON, checked against its schema; raises what the command raises."""
    done = CliRunner().invoke(create_app(), [*map(str, arguments), "--json"])
    if done.exception is not None:
        raise done.exception
    answer = json.loads(done.stdout)
    jsonschema_rs.validator_for(json.loads((SCHEMAS / f"{arguments[0]}.json").read_text())).validate(answer)
    return answer


@pytest.mark.parametrize(
    ("words", "completed"),
    [
        (["--database"], ["--database", "own"]),
        (["--database", "--out", "x"], ["--database", "own", "--out", "x"]),
        (["--database", "sqlite:///a", "x"], ["--database", "sqlite:///a", "x"]),
        (["data", "--database", "own"], ["data", "--database", "own"]),
        (["--database", "data"], ["--database", "own", "data"]),
        (["--database=sqlite:///a"], ["--database=sqlite:///a"]),
        (["data"], ["data"]),
    ],
)
def test_a_bare_database_is_the_settings_one(words, completed):
    assert with_address(words) == completed


@pytest.fixture
def loaded(home, company):
    """The database at home with the small company in it."""
    stored = run("import", company.dataset.path, "--database")["stored"]
    assert stored["events"] == len(company.dataset.events(["event_id"]))
    return home


def test_a_dataset_goes_in_and_comes_out(loaded, company, tmp_path):
    exported = run("export", "--out", tmp_path / "out")
    assert exported["fingerprint"] == company.dataset.info.fingerprint
    assert read_dataset(tmp_path / "out").measured_fingerprint() == exported["fingerprint"]
    again = run("import", tmp_path / "out", "--database", f"sqlite:///{loaded}/kqml.db")["stored"]
    assert (again["events"], again["known"]) == (0, exported["events"])
    with pytest.raises(BadUse, match="exists; give another folder"):
        run("export", "--out", tmp_path / "out")


def scores_of(home):
    database = open_database(f"sqlite:///{home / 'kqml.db'}")
    with database.reading() as connection:
        rows = [dict(row) for row in connection.execute(select(SCORES)).mappings()]
        newest = [dict(row) for row in connection.execute(select(LATEST_SCORES)).mappings()]
    database.close()
    return rows, newest


def grades_of(home):
    database = open_database(f"sqlite:///{home / 'kqml.db'}")
    with database.reading() as connection:
        rows = {row["account_id"]: dict(row) for row in connection.execute(select(ACCOUNT_GRADES)).mappings()}
    database.close()
    return rows


def test_the_database_scores_as_the_dataset_does_and_keeps_why(loaded, company, tmp_path):
    run("promote", 1)
    now, then = ("2022-11-01", "2022-10-04")
    run("score", "--database", "--cutoff", then)
    run("promote", 2)
    stored = run("score", "--database", "--cutoff", now, "--out", tmp_path / "stored.parquet")
    given = run(
        "score",
        company.dataset.path,
        "--cutoff",
        now,
        "--since",
        then,
        "--since-model",
        1,
        "--out",
        tmp_path / "x.parquet",
    )
    assert stored["valued"] == stored["eligible"] > 40
    assert {**given, **stored, "out": ""} == {**stored, "out": ""}
    assert {**stored, **given, "out": ""} == {**stored, "out": ""}
    frame = pd.read_parquet(tmp_path / "x.parquet")
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "stored.parquet"), frame)
    rows, newest = scores_of(loaded)
    assert len(rows) == 2 * len(frame)
    assert len(newest) == len(frame)
    at_risk = {row["account_id"]: row["value_at_risk"] for row in newest}
    wanted = GradesRequest(
        dataset=company.dataset,
        playbook=read_playbook(),
        account=None,
        at=now,
        quarters=0,
        out=tmp_path / "grades.parquet",
    )
    report_grades(wanted)
    graded = pd.read_parquet(tmp_path / "grades.parquet").query("period == 'trailing'").set_index("account_id")
    stored_grades = grades_of(loaded)
    assert set(stored_grades) == set(graded.index)
    for name in ("level", "single_contact", "relationship_grade", "abc", "overall_class"):
        expected = {account: None if pd.isna(value) else value for account, value in graded[name].items()}
        assert {account: row[name] for account, row in stored_grades.items()} == expected
    for row in frame.itertuples():
        assert (at_risk[row.account_id] is not None) == row.eligible
        assert at_risk[row.account_id] is None or at_risk[row.account_id] >= 0
    assert sum(one or 0 for one in at_risk.values()) > 0
    later = {row["account_id"]: row for row in rows if row["before_model"] is not None}
    assert set(later) == set(frame["account_id"])
    for row in frame[frame["change_data"].notna()].itertuples():
        kept = later[row.account_id]
        assert (kept["churn_probability"], kept["before_probability"]) == (row.churn_probability, row.change_before)
        assert (kept["change_calendar"], kept["change_model"]) == (row.change_calendar, row.change_model)
        total = kept["change_calendar"] + kept["change_data"] + kept["change_model"]
        assert total == pytest.approx(kept["churn_probability"] - kept["before_probability"], abs=1e-12)
    assert frame["change_data"].notna().sum() > 10
    bands = {row["account_id"]: row["band"] for row in rows if row["model"] == "1"}
    assert stored["crossed"] == sum(bands[name] != row["band"] for name, row in later.items()) > 0


def test_scores_plans_and_duties_of_the_database_write_no_parquet_file(loaded, break_parquet, tmp_path):
    run("promote", 1)
    break_parquet()
    with pytest.raises(AssertionError, match="a Parquet file was written"):
        run("export", "--out", tmp_path / "out")
    assert run("score", "--database", "--cutoff", "2022-11-01")["eligible"] > 40
    assert run("plan", "--database", "--week", "2023-W08")["database"]["rows"] > 40
    assert sum(row["rows"] for row in run("duties", "--database", "--week", "2023-W08")["summary"]) > 40


def test_whoever_objects_gets_no_number(loaded, company, tmp_path):
    """Neither in the database nor in the file; what was scored before stays, so that it can be explained."""
    run("promote", 1)
    run("score", "--database", "--cutoff", "2022-10-04")
    before = {row["account_id"]: row for row in scores_of(loaded)[1] if row["churn_probability"] is not None}
    objecting = min(before)
    database = open_database(f"sqlite:///{loaded / 'kqml.db'}")
    with database.writing() as connection:
        connection.execute(update(ACCOUNTS).where(ACCOUNTS.c.account_id == objecting).values(objected_at=1))
    database.close()
    answer = run("score", "--database", "--cutoff", "2022-11-01", "--out", tmp_path / "x.parquet", "--language", "en")
    assert answer["objecting"] == 1
    rows, newest = scores_of(loaded)
    short = next(row for row in newest if row["account_id"] == objecting)
    assert (short["churn_probability"], short["band"], short["value_at_risk"]) == (None, None, None)
    own = {row["cutoff"]: row for row in rows if row["account_id"] == objecting}
    assert own[max(own)]["reasons"] == "[]"
    assert json.loads(own[max(own)]["warnings"])[0]["key"] == "rights.objected"
    assert own[min(own)]["churn_probability"] == before[objecting]["churn_probability"]
    told = pd.read_parquet(tmp_path / "x.parquet").set_index("account_id").loc[objecting]
    assert told[["churn_probability", "change_before", "change_data"]].isna().all()


def test_without_amounts_value_at_risk_is_unknown_and_said(home, tmp_path):
    days = "".join(f"S1,2024-01-{day:02}\n" for day in range(1, 29))
    (tmp_path / "orders.csv").write_text(f"store,day\n{days}")
    (tmp_path / "m.toml").write_text(MAPPING.replace('amount = "sum"\n', ""))
    run("import", "--mapping", tmp_path / "m.toml", tmp_path / "orders.csv", "--database")
    run("promote", 1)
    answer = run("score", "--database", "--cutoff", "2024-01-29", "--language", "en")
    assert (answer["accounts"], answer["valued"]) == (1, 0)
    assert any("value at risk" in warning for warning in answer["warnings"])
    assert scores_of(home)[1][0]["value_at_risk"] is None


def test_a_database_without_events_is_said(home):
    run("promote", 1)
    answer = run("score", "--database")
    assert (answer["accounts"], answer["crossed"], answer["out"]) == (0, 0, None)


@pytest.mark.parametrize("words", [["score"], ["score", "data", "--database"], ["train", "data", "--database"]])
def test_what_to_read_has_to_be_clear(home, words, tmp_path):
    with pytest.raises(BadUse, match="The source of the data is missing or ambiguous"):
        run(*words, *(["--out", tmp_path / "x.csv"] if words[0] == "score" else []))


@pytest.mark.parametrize("words", [[], ["--database"], ["data", "--database"]])
def test_what_to_import_has_to_be_clear(home, words):
    with pytest.raises(BadUse, match="The option --mapping is missing"):
        run("import", *words)


MAPPING = """
version = 1
time_zone = "Asia/Shanghai"
currency = "CNY"
[[events]]
files = ["orders.csv"]
[events.columns]
account_id = "store"
occurred_at = "day"
kind = { constant = "order" }
amount = "sum"
"""


def test_an_imported_file_may_go_straight_into_the_database(home, tmp_path):
    days = "".join(f"S1,2024-01-{day:02},5\n" for day in range(1, 9))
    (tmp_path / "orders.csv").write_text(f"store,day,sum\n{days}")
    (tmp_path / "m.toml").write_text(MAPPING)
    answer = run("import", "--mapping", tmp_path / "m.toml", tmp_path / "orders.csv", "--database")
    assert (answer["usable"], answer["written"], answer["stored"]["events"]) == (True, None, 8)
    assert run("export", "--out", tmp_path / "out")["fingerprint"] == answer["fingerprint"]
    with pytest.raises(BadUse, match="nowhere to write to"):
        run("import", "--mapping", tmp_path / "m.toml", tmp_path / "orders.csv")


def test_reports_of_the_database_are_those_of_the_dataset(loaded, company):
    for words in (["grades", "--quarters", 2], ["loss", "--by", "tier"]):
        reports = [report(*words, *source) for source in ([company.dataset.path], ["--database"])]
        for own in reports:
            own.pop("dataset")
        assert reports[0] == reports[1]
        assert reports[0].get("accounts", 1) > 0


def report(*words):
    """The report's JSON, checked against its schema."""
    done = CliRunner().invoke(create_app(), ["report", *map(str, words), "--json"])
    if done.exception is not None:
        raise done.exception
    answer = json.loads(done.stdout)
    schema = json.loads((SCHEMAS / f"report-{words[0]}.json").read_text())
    jsonschema_rs.validator_for(schema).validate(answer)
    return answer
