"""`GET /v1/duties`: the rows of the duty engine, page by page."""

from dataclasses import dataclass
from datetime import UTC, datetime

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from duty_inputs import drawn, table
from later_events import LaterEvents
from pydantic import TypeAdapter
from sqlalchemy import select

from kqml.calendar.business_time import instant_of
from kqml.calendar.workdays import workdays
from kqml.contract.duties import DutyPage
from kqml.dataset.folder import Dataset, DatasetInfo, write_dataset
from kqml.dataset.tables import INSTANT, SCHEMAS
from kqml.duties import list_duties, read_duty_inputs, week
from kqml.duties.inputs import DutyInputs
from kqml.duties.overrides import duty_id
from kqml.events import KINDS
from kqml.playbook import read_playbook
from serve.database.accounts import put_accounts
from serve.database.dataset_import import load_dataset
from serve.database.events import add_events
from serve.database.tables import ACCOUNTS, EVENTS
from serve.database.territory import EVERYWHERE
from serve.security.contact_vault import ContactVault
from serve.usecases import duty_pages as owed

NOW = instant_of(datetime(2024, 2, 7, 3, tzinfo=UTC))
LATER = instant_of(datetime(2024, 6, 1, tzinfo=UTC))
"""After every event of the companies drawn."""

WEEK = "2024-W06"
INSTANTS = ("occurred_at", "known_at", "due_at")
DUTY_PAGE = TypeAdapter(DutyPage)


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
    """The book of a company that is in the database, too, as known now; some of its events become known later."""
    dataset = write_company(client, tmp_path, request.param)
    return read_duty_inputs(dataset.known_before(NOW), read_playbook())


@pytest.fixture(params=[3, 8])
def known_company(request, client, tmp_path) -> None:
    """The same company, of whose events none becomes known later, in the database."""
    write_company(client, tmp_path, request.param, known=pc.field("known_at") < pa.scalar(NOW, INSTANT))


def write_company(client, tmp_path, seed, known=None) -> Dataset:
    company = drawn(seed)
    tables = {name: table(name, company[name]) for name in ("accounts", "contacts", "reps", "events")}
    if known is not None:
        tables["events"] = tables["events"].filter(known)
    if seed == 8:
        tables["accounts"] = _without_openings(tables["accounts"])
    info = DatasetInfo(kinds_recorded={kind.code: "2023-11-20T00:00:00Z" for kind in KINDS})
    dataset = write_dataset(tmp_path / "company", tables, info)
    service = client.app.state.service
    load_dataset(service.database, dataset, LATER, ContactVault(service.cipher))
    return dataset


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
        DUTY_PAGE.validate_python(answer.json())
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


def rows_in(database, query) -> list[dict]:
    with database.reading() as connection:
        return [dict(row) for row in connection.execute(query).mappings()]


@pytest.mark.parametrize("seed", range(3))
def test_what_became_known_later_changes_no_duty_as_of_an_earlier_instant(client, known_company, clock, seed):
    """Events of every kind, accounts put in with another tier, rep and status, a duty that is marked."""
    database = client.app.state.service.database
    words = {"week": WEEK, "as_of": "2024-02-07T11:00:00+08:00", "limit": 500}
    first = client.get("/v1/duties", params=words | {"limit": 2}).json()
    before = asked(client, week=WEEK, limit=500)
    accounts, events = (rows_in(database, select(each)) for each in (ACCOUNTS, EVENTS))
    put = [row for row in accounts if row["described"]][:3]
    known = [row for row in accounts if row["described"]][3:]
    later = LaterEvents(seed, known, events, NOW, updated=False).of_every_kind()
    blank = dict.fromkeys(SCHEMAS["events"].names)
    added = [{**blank, **row} | {name: instant_of(row[name]) for name in INSTANTS} for row in later]
    clock.now = NOW + 1_000_000
    with database.writing() as connection:
        add_events(connection, added, clock.now, EVERYWHERE)
        changed = {"tier": "C", "owner_rep_id": "R-new", "status": "suspended"}
        rows = [{name: row[name] for name in SCHEMAS["accounts"].names} | changed for row in put]
        put_accounts(connection, rows, clock.now, EVERYWHERE)
    clock.now = NOW + 500 * 86_400_000_000
    said = {"duty_id": before[-1]["duty_id"], "account_id": before[-1]["account_id"], "state": "done"}
    assert client.post("/v1/duties/status", json={"week": WEEK, "duties": [said]}).status_code in (200, 422)

    assert asked(client, **words) == before
    assert asked(client, week=WEEK, limit=500) != before
    page = client.get("/v1/duties", params={**words, "limit": 2, "cursor": first["next_cursor"]}).json()
    assert page["as_of"] == first["as_of"]


@pytest.mark.parametrize("at", ["2024-02-30T00:00:00Z", "1999-12-31T00:00:00Z", "2024-02-07T03:00:01Z", "today"])
def test_an_instant_that_is_none_or_has_not_come_is_pointed_at(client, at):
    answer = client.get("/v1/duties", params={"as_of": at})
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (422, "as_of")


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
