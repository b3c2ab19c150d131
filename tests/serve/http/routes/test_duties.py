"""`GET /v1/duties`: the rows of the duty engine, page by page."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from duty_inputs import drawn, table

from kqml.calendar.business_time import instant_of
from kqml.calendar.workdays import workdays
from kqml.dataset.folder import DatasetInfo, write_dataset
from kqml.duties import list_duties, read_duty_inputs, week
from kqml.duties.inputs import DutyInputs
from kqml.duties.overrides import duty_id
from kqml.events import KINDS
from kqml.playbook import read_playbook
from serve.database.dataset_import import load_dataset
from serve.http.schemas.duties import DutyPage
from serve.security.contact_vault import ContactVault
from serve.usecases import list_duties as owed

NOW = instant_of(datetime(2024, 2, 7, 3, tzinfo=UTC))
WEEK = "2024-W06"


@dataclass
class Clock:
    now: int = NOW

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(params=[3, 8])
def book(request, client, tmp_path) -> DutyInputs:
    """The book of a company that is in the database, too."""
    company = drawn(request.param)
    tables = {name: table(name, company[name]) for name in ("accounts", "contacts", "reps", "events")}
    if request.param == 8:
        tables["accounts"] = _without_openings(tables["accounts"])
    info = DatasetInfo(kinds_recorded={kind.code: "2023-11-20T00:00:00Z" for kind in KINDS})
    dataset = write_dataset(tmp_path / "company", tables, info)
    service = client.app.state.service
    load_dataset(service.database, dataset, NOW, ContactVault(service.sealer))
    return read_duty_inputs(dataset, read_playbook())


def _without_openings(accounts: pa.Table) -> pa.Table:
    place = accounts.column_names.index("opened_on")
    unsaid = pa.array([None if row % 2 else day for row, day in enumerate(accounts["opened_on"].to_pylist())])
    return accounts.set_column(place, accounts.schema.field(place), unsaid.cast(pa.date32()))


def expected(book: DutyInputs, name: str = WEEK) -> list[dict]:
    """What the engine says, as the API shows it."""
    rules = read_playbook()
    rows = list_duties(book, rules, workdays(rules.country), week(name), NOW).to_pylist()
    for row in rows:
        row.pop("playbook")
        row |= {"duty_id": duty_id(row), "declared": None}
        row |= {part: row[part].timestamp() for part in ("due_from", "due_by")}
    return rows


def asked(client, **query) -> list[dict]:
    """The rows of all pages."""
    rows, cursor = [], None
    while True:
        answer = client.get("/v1/duties", params=query | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        DutyPage.model_validate(answer.json())
        assert len(answer.json()["duties"]) <= query.get("limit", 50)
        rows += answer.json()["duties"]
        if (cursor := answer.json()["next_cursor"]) is None:
            break
    for row in rows:
        row |= {part: datetime.fromisoformat(row[part]).timestamp() for part in ("due_from", "due_by")}
    return rows


def same(found: list[dict], wanted: list[dict]) -> None:
    assert len(found) == len(wanted)
    assert sorted(found, key=_name) == sorted(wanted, key=_name)


def _name(row: dict) -> str:
    return row["duty_id"]


@pytest.mark.parametrize("limit", [3, 500])
def test_all_pages_together_are_the_rows_of_the_engine(client, book, limit):
    wanted = [row for row in expected(book) if row["account_id"] is not None]
    assert {row["duty"] for row in wanted} > {"birthday", "cadence", "complaint"}
    same(asked(client, week=WEEK, limit=limit), wanted)


def test_pages_that_look_at_few_accounts_hold_the_same(client, book, monkeypatch):
    monkeypatch.setattr(owed, "ACCOUNTS_AT_ONCE", 2)
    monkeypatch.setattr(owed, "ACCOUNTS_PER_PAGE", 2)
    wanted = [row for row in expected(book) if row["account_id"] is not None and row["must"]]
    assert wanted
    same(asked(client, week=WEEK, must=True), wanted)


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ({"state": ["overdue", "waived"]}, lambda row: row["state"] in ("overdue", "waived")),
        ({"must": False}, lambda row: not row["must"]),
        ({"account": ["a1", "a4"]}, lambda row: row["account_id"] in ("a1", "a4")),
    ],
)
def test_filters_choose_among_the_rows(client, book, query, fits):
    wanted = [row for row in expected(book) if row["account_id"] is not None and fits(row)]
    assert wanted
    same(asked(client, week=WEEK, **query), wanted)


def test_a_rep_named_owes_of_its_own_too(client, book):
    accounts = client.get("/v1/accounts", params={"rep": "r1", "sort": "name"}).json()["accounts"]
    own = {row["account_id"] for row in accounts}
    rows = asked(client, week=WEEK, rep="r1", limit=4)
    same([row for row in rows if row["account_id"]], [row for row in expected(book) if row["account_id"] in own])
    of_rep = [row for row in rows if row["account_id"] is None]
    assert rows[: len(of_rep)] == of_rep
    assert {(row["rep_id"], row["duty"]) for row in of_rep} <= {("r1", "asks"), ("r1", "trainings")}


def test_without_a_week_it_is_the_present_one(client, book):
    answer = client.get("/v1/duties").json()
    assert (answer["week"], answer["as_of"]) == (WEEK, "2024-02-07T11:00:00+08:00")
    assert (answer["playbook"], answer["certainty"]) == (read_playbook().version, "announced")


def test_later_pages_are_as_of_the_first_one(client, book, clock):
    first = client.get("/v1/duties", params={"limit": 2}).json()
    clock.now += 30 * 86_400_000_000
    later = client.get("/v1/duties", params={"limit": 2, "cursor": first["next_cursor"]})
    assert (later.json()["as_of"], later.json()["week"]) == (first["as_of"], first["week"])


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"week": "2023-W53"}, "week"),
        ({"week": "2024-W7"}, "week"),
        ({"mood": "good"}, "mood"),
        ({"cursor": "bm8"}, "cursor"),
    ],
)
def test_a_faulty_question_is_pointed_at(client, query, parameter):
    answer = client.get("/v1/duties", params=query)
    assert answer.status_code == 422
    assert parameter in [error["parameter"] for error in answer.json()["errors"]]


def test_a_cursor_belongs_to_its_filters(client, book):
    cursor = client.get("/v1/duties", params={"limit": 1}).json()["next_cursor"]
    assert client.get("/v1/duties", params={"limit": 1, "must": True, "cursor": cursor}).status_code == 422


@pytest.mark.parametrize("name", ["2000-W01", "2089-W52"])
def test_weeks_far_off_are_answered(client, book, name):
    assert client.get("/v1/duties", params={"week": name}).json()["week"] == name


def test_a_database_without_accounts_owes_nothing(client):
    assert client.get("/v1/duties", params={"rep": "r1"}).json()["duties"] == []


def test_the_example_of_the_document_is_one(client):
    for example in DutyPage.model_config["json_schema_extra"]["examples"]:
        assert DutyPage.model_validate(example, strict=True).model_dump() == example
