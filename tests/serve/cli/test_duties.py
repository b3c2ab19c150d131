"""`kqml duties`: a week of a rep, the counts of all, compliance, files, refusals."""

import json
from datetime import datetime
from pathlib import Path

import jsonschema_rs
import pyarrow.parquet as pq
import pytest
from duty_inputs import drawn, table
from typer.testing import CliRunner

from kqml.__main__ import create_app, main
from kqml.dataset.folder import DatasetInfo, write_dataset
from kqml.duties.overrides import duty_id
from kqml.duties.table import DUTIES, SCHEMA, STATES
from kqml.events import KINDS
from kqml.messages import LANGUAGES, catalogue
from serve.database.duty_overrides import add_overrides
from serve.database.engine import open_database

SCHEMAS = Path(__file__).parents[3] / "docs" / "schemas"


@pytest.fixture(scope="module")
def dataset(tmp_path_factory) -> str:
    company = drawn(3)
    tables = {name: table(name, company[name]) for name in ("accounts", "contacts", "reps", "events")}
    path = tmp_path_factory.mktemp("duties") / "company"
    write_dataset(path, tables, DatasetInfo(kinds_recorded={kind.code: "2023-11-20T00:00:00Z" for kind in KINDS}))
    return str(path)


def answered(*words: str) -> dict:
    told = CliRunner().invoke(create_app(), ["duties", *words, "--json"])
    assert told.exit_code == 0, told.output
    answer = json.loads(told.stdout)
    assert jsonschema_rs.validator_for(json.loads((SCHEMAS / "duties.json").read_text())).is_valid(answer)
    return answer


def test_a_rep_sees_the_rows_of_a_week(dataset):
    answer = answered(dataset, "--rep", "r1", "--week", "2024-W06")
    told = [answer[name] for name in ("week", "cutoff", "certainty")]
    assert told == ["2024-W06", "2024-02-05T00:00:00+08:00", "announced"]
    assert {row["rep_id"] for row in answer["rows"]} == {"r1"}
    assert sum(each["rows"] for each in answer["summary"]) == len(answer["rows"])


def test_without_a_rep_only_the_counts_are_told(dataset):
    answer = answered(dataset, "--week", "2024-W06", "--playbook", "dealer")
    assert answer["rows"] is None
    assert answer["playbook"].startswith("dealer@")


def test_without_a_week_it_is_the_one_after_the_last_record(dataset):
    assert answered(dataset)["week"] == "2024-W12"


def test_the_database_owes_what_its_dataset_does_but_for_birthdays(dataset, tmp_path, monkeypatch):
    monkeypatch.setenv("KQML_HOME", str(tmp_path))
    address = f"sqlite:///{tmp_path / 'kqml.db'}"
    stored = CliRunner().invoke(create_app(), ["import", dataset, "--database", address, "--json"])
    assert stored.exit_code == 0, stored.output
    words = ("--week", "2024-W06", "--rep", "r1")
    wanted = [row for row in answered(dataset, *words)["rows"] if row["duty"] != "birthday"]
    assert answered("--database", address, *words)["rows"] == wanted
    open_one = next(row for row in wanted if row["event_id"] and row["state"] == "overdue")
    declare_done(address, open_one)
    after = answered("--database", address, *words)["rows"]
    changed = {"state": "done", "must": False, "why": "declared", "behind": 0.0}
    assert after == [{**row, **changed} if row == open_one else row for row in wanted]
    assert answered(dataset, *words)["rows"] != after


def declare_done(address, row):
    named = duty_id({**row, "due_by": datetime.fromisoformat(row["due_by"])})
    said = {"duty_id": named, "owner": row["account_id"], "duty": row["duty"], "state": "done", "at": None}
    database = open_database(address)
    with database.writing() as connection:
        assert add_overrides(connection, [{**said, "note": None, "by": "test"}], 1) == 1
    database.close()


def test_a_month_may_be_asked_for_instead(dataset):
    answer = answered(dataset, "--month", "2024-02", "--cutoff", "2024-03-01", "--rep", "r1")
    assert (answer["week"], answer["month"]) == (None, "2024-02")
    assert {row["state"] for row in answer["rows"] if row["duty"] == "cadence"} <= {"done", "overdue", "waived"}


def test_the_rows_of_all_go_to_a_file(dataset, tmp_path):
    out = tmp_path / "owed.parquet"
    answer = answered(dataset, "--week", "2024-W06", "--out", str(out))
    written = pq.read_table(out)
    assert written.schema.names == SCHEMA.names
    assert written.num_rows == sum(each["rows"] for each in answer["summary"])
    assert [path.name for path in tmp_path.iterdir()] == ["owed.parquet"]


def test_compliance_tells_the_months_up_to_the_cutoff(dataset, tmp_path):
    out = tmp_path / "kept.csv"
    answer = answered(dataset, "--compliance", "--months", "2", "--cutoff", "2024-03-01", "--out", str(out))
    assert answer["months"] == ["2024-01", "2024-02"]
    assert {row["month"] for row in answer["rows"]} == {"2024-01", "2024-02"}
    assert len(out.read_text().splitlines()) == len(answer["rows"]) + 1


@pytest.mark.parametrize(
    ("words", "language", "parts"),
    [
        (["--rep", "r1", "--week", "2024-W06"], "zh", ["2024-W06 周的应做事项", "春节", "拜访", "本周必做", "未列出"]),
        (["--rep", "r1", "--week", "2024-W06"], "en", ["Duties in week 2024-W06", "Spring Festival", "Not shown:"]),
        (["--week", "2031-W40"], "en", ["not announced yet"]),
        (["--compliance"], "zh", ["联系频次达标情况", "达标率", "%"]),
    ],
)
def test_people_read_it_in_their_language(dataset, words, language, parts):
    told = CliRunner().invoke(create_app(), ["duties", dataset, *words, "--language", language], env={"COLUMNS": "200"})
    assert told.exit_code == 0, told.output
    assert [part for part in parts if part not in told.stdout] == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--week", "2024-W60"], "'2024-W60' is no week"),
        (["--week", "next"], "'next' is no week"),
        (["--month", "2024-13"], "'2024-13' is no month"),
        (["--month", "2024-02", "--week", "2024-W06"], "2024-02 conflicts with --week 2024-W06"),
        (["--rep", "nobody"], "'nobody' does not occur in the data"),
        (["--out", "owed.xlsx"], "has the extension '.xlsx'"),
        (["--cutoff", "soon"], "'soon'"),
        (["--playbook", "nowhere.toml"], "The playbook nowhere.toml does not exist"),
    ],
)
def test_what_cannot_be_asked_is_bad_use(dataset, words, said, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["kqml", "duties", dataset, *words, "--json"])
    with pytest.raises(SystemExit) as leaving:
        main()
    assert leaving.value.code == 2
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_duty_and_state_has_words(language):
    words = catalogue("duties", language)
    assert set(words["duties"]) == set(DUTIES)
    assert set(words["states"]) == {*STATES, "must_due", "must_overdue"}
    assert words.keys() == catalogue("duties", "en").keys()
    assert all(words[part].keys() == catalogue("duties", "en")[part].keys() for part in ("heads", "why", "channels"))
