"""Whole datasets into the database, out again."""

from dataclasses import replace
from datetime import date

import numpy as np
import pyarrow as pa
import pytest
from plain_vault import PlainVault
from sqlalchemy import func, select

from kqml.dataset.folder import ColumnUse, DatasetInfo, QuietPeriod, write_dataset
from kqml.errors import BadUse, Refused
from kqml.events import KINDS
from serve.database.dataset_export import export_dataset, snapshot_accounts, snapshot_dataset
from serve.database.dataset_import import ImportedCounts, load_dataset
from serve.database.dataset_info import initialise_info, read_info
from serve.database.events import add_events
from serve.database.tables import ACCOUNTS, EVENTS
from serve.database.territory import EVERYWHERE

NOW = 1_800_000_000_000_000
START = 1_700_000_000_000_000
"""The instant around which events happen."""

VAULT = PlainVault()
INFO = DatasetInfo(
    time_zone="Europe/Berlin",
    currency="EUR",
    quiet_periods=(QuietPeriod("2024-02-09", "2024-02-18", "春节"),),
    columns={"tier": ColumnUse(complete_since="2024-01-01")},
    kinds_recorded={"visit": "2023-12-01T00:00:00+00:00"},
    record_lags={"visit": {"days": 2.0}, "order": {"p95_days": 0.5}},
    source={"mapping": "手工"},
)
INSTANT = pa.timestamp("us", tz="UTC")
RANGED = ("amount", "quantity", "lines", "minutes", "sentiment", "authenticity")


def instants(*micros):
    """Instants so many microseconds after START."""
    return pa.array([None if each is None else START + each for each in micros], pa.int64()).cast(INSTANT)


TABLES = {
    "events": pa.table(
        {
            "event_id": ["e1", "é2", "e3", "Z4", "a5"],
            "account_id": ["b", "a", "a", "Ä", "a"],
            "occurred_at": instants(5, 7, 7, 1, -3),
            "known_at": instants(6, 7, 8, 1, 0),
            "kind": ["order", "visit", "order", "promise_made", "order"],
            "amount": [12.5, None, 0.1, None, 1e-300],
            "due_at": instants(None, None, None, 99, None),
            "rep_id": [None, "R", None, None, None],
            "attributes": [None, '{"b": 1, "a": [2.50, null]}', None, None, None],
        }
    ),
    "accounts": pa.table(
        {
            "account_id": ["a", "c", "b"],
            "tier": ["A", None, "C"],
            "opened_on": pa.array([date(2020, 2, 29), None, date(1999, 12, 31)]),
            "status": ["active", None, "closed"],
            "attributes": ['{"x":  1}', None, None],
        }
    ),
    "contacts": pa.table({"contact_id": ["k"], "account_id": ["a"], "name": ["王"], "birthday": ["03-20"]}),
    "reps": pa.table({"rep_id": ["R"], "minutes_per_week": [2100.5], "absences": ['[["2024-05-01", "2024-05-06"]]']}),
}


@pytest.fixture
def dataset(tmp_path):
    return write_dataset(tmp_path / "given", TABLES, INFO)


def test_what_goes_in_comes_out(database, dataset, tmp_path):
    with database.writing() as connection:
        initialise_info(connection, "Asia/Shanghai")
    assert load_dataset(database, dataset, NOW, VAULT) == ImportedCounts(
        accounts=3, contacts=1, reps=1, events=5, known=0
    )
    out = export_dataset(database, tmp_path / "out", VAULT)
    assert out.info == dataset.info
    assert out.measured_fingerprint() == out.info.fingerprint == dataset.info.fingerprint
    for name in ("accounts", "contacts", "reps"):
        assert out.table(name).equals(dataset.table(name))
    assert out.events().equals(dataset.events())


def test_ids_and_times_that_cannot_be_are_refused(database, tmp_path):
    events = TABLES["events"]
    early = events.set_column(2, "occurred_at", instants(-START, 0, 0, 0, 0))
    ahead = events.set_column(2, "occurred_at", instants(NOW, 0, 0, 0, 0))
    cases = {
        "ids": (
            events.set_column(0, "event_id", pa.array(["#N/A", "é2", "e3", "Z4", "a5"])),
            "event_id: '#N/A' is empty",
        ),
        "reps": (
            events.set_column(7, "rep_id", pa.array([None, "R\t", None, None, None])),
            r"rep_id: 'R\\t' begins or",
        ),
        "early": (early, "before 1990: 1 events, such as 'e1'"),
        "ahead": (ahead, "in the future: 1 events, such as 'e1'"),
    }
    for name, (table, message) in cases.items():
        given = write_dataset(tmp_path / name, {"events": table}, INFO)
        with pytest.raises(Refused, match=message):
            load_dataset(database, given, NOW, VAULT)
    with database.reading() as connection:
        assert connection.execute(select(func.count()).select_from(EVENTS)).scalar() == 0
    retraction = {**events.to_pylist()[0], "event_id": "r", "kind": "event_retracted", "ref": "e1"}
    rows = pa.Table.from_pylist([retraction, *ahead.to_pylist()])
    assert load_dataset(database, write_dataset(tmp_path / "r", {"events": rows}, INFO), NOW, VAULT).events == 6


def refuse_to_write(*arguments, **named):
    raise AssertionError("a file was written")


def same_log(one, other):
    assert one.accounts.tolist() == other.accounts.tolist()
    for name in ("offsets", "occurred_at", "known_at", "kind"):
        assert np.array_equal(getattr(one, name), getattr(other, name))
    for columns in ("values", "codes"):
        ours, theirs = getattr(one, columns), getattr(other, columns)
        assert ours.keys() == theirs.keys()
        assert all(np.array_equal(ours[name], theirs[name], equal_nan=columns == "values") for name in ours)
    assert one.notes == other.notes


@pytest.mark.parametrize("cutoff", [None, START, START + 86_400_000_000])
@pytest.mark.parametrize("seed", [1, 2])
def test_in_memory_it_is_what_the_folder_is(database, tmp_path, monkeypatch, seed, cutoff):
    with database.writing() as connection:
        initialise_info(connection, "Asia/Shanghai")
    load_dataset(
        database, write_dataset(tmp_path / "given", {**TABLES, "events": random_events(seed)}, INFO), NOW, VAULT
    )
    out = export_dataset(database, tmp_path / "out", VAULT)
    monkeypatch.setattr("pyarrow.parquet.write_table", refuse_to_write)
    inside = snapshot_dataset(database, VAULT)
    assert inside.info == out.info
    assert inside.measured_fingerprint() == out.info.fingerprint
    if cutoff is not None:
        out, inside = out.known_before(cutoff), inside.known_before(cutoff)
    assert inside.info == out.info
    assert inside.event_columns() == out.event_columns()
    assert inside.events().equals(out.events())
    assert inside.events(("account_id", "kind"), [KINDS[0], KINDS[3]]).equals(
        out.events(("account_id", "kind"), [KINDS[0], KINDS[3]])
    )
    assert inside.accounts().equals(out.accounts())
    for name in ("accounts", "contacts", "reps"):
        assert inside.table(name).equals(out.table(name))
    same_log(inside.event_log(), out.event_log())


def test_some_accounts_in_memory(database, dataset, monkeypatch):
    with database.writing() as connection:
        initialise_info(connection, "Asia/Shanghai")
    load_dataset(database, dataset, NOW, VAULT)
    monkeypatch.setattr("pyarrow.parquet.write_table", refuse_to_write)
    with database.snapshot() as connection:
        inside = snapshot_accounts(connection, VAULT, ["a"])
    assert inside.event_log().accounts.tolist() == ["a"]
    assert inside.table("reps").equals(dataset.table("reps"))
    with pytest.raises(TypeError, match="no folder"):
        _ = inside.path


def random_events(seed: int, count: int = 400) -> pa.Table:
    """Events with every column, a third of the values missing, many at the same instant."""
    random = np.random.default_rng(seed)

    def some(values):
        return [None if gone else value for value, gone in zip(values, random.random(count) < 0.33, strict=True)]

    texts = ["王", "a b", "\U0001f600", "Z", "z", "é"]
    words = {name: some(random.choice(texts, count).tolist()) for name in ("rep_id", "contact_id", "ref")}
    words["channel"] = some(random.choice(["", *texts], count).tolist())
    numbers = {name: some(random.random(count).tolist()) for name in RANGED}
    occurred = START + random.integers(-5, 5, count) * 86_400_000_000
    return pa.table(
        {
            "event_id": [f"{random.choice(texts)}{number}" for number in range(count)],
            "account_id": random.choice(texts, count).tolist(),
            "occurred_at": pa.array(occurred).cast(INSTANT),
            "known_at": pa.array(occurred + random.integers(0, 3, count)).cast(INSTANT),
            "kind": random.choice([kind.code for kind in KINDS], count).tolist(),
            **words,
            **numbers,
            "due_at": pa.array(some(random.integers(0, 10**15, count).tolist()), pa.int64()).cast(INSTANT),
            "attributes": some(['{"topic": "价格", "n": [1, 2.50]}'] * count),
        }
    )


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_random_histories_come_out_as_they_went_in(database, tmp_path, seed):
    given = write_dataset(tmp_path / "given", {"events": random_events(seed)}, DatasetInfo())
    load_dataset(database, given, NOW, VAULT)
    assert export_dataset(database, tmp_path / "out", VAULT).info.fingerprint == given.info.fingerprint


def test_loading_again_adds_nothing(database, dataset):
    load_dataset(database, dataset, NOW, VAULT)
    assert load_dataset(database, dataset, NOW + 1, VAULT) == ImportedCounts(
        accounts=3, contacts=1, reps=1, events=0, known=5
    )
    with database.reading() as connection:
        assert connection.execute(select(func.max(EVENTS.c.received_at))).scalar() == NOW
        assert connection.execute(select(func.max(ACCOUNTS.c.version))).scalar() == 1


def test_an_event_with_another_content_refuses_the_whole(database, dataset, tmp_path):
    load_dataset(database, dataset, NOW, VAULT)
    column = pa.array([13.5, None, 0.1, None, 1e-300])
    changed = TABLES["events"].set_column(5, "amount", column)
    ids = pa.array(["e1", "é2", "e3", "Z4", "new"])
    tables = {**TABLES, "events": changed.set_column(0, "event_id", ids)}
    with pytest.raises(Refused, match=r"1 events do not fit(.|\n)*'e1' is stored with different contents"):
        load_dataset(database, write_dataset(tmp_path / "other", tables, INFO), NOW, VAULT)
    assert export_dataset(database, tmp_path / "out", VAULT).info.fingerprint == dataset.info.fingerprint


@pytest.mark.parametrize("change", [{"time_zone": "Asia/Shanghai"}, {"currency": "CNY"}])
def test_days_and_money_may_not_change_their_meaning(database, dataset, tmp_path, change):
    load_dataset(database, dataset, NOW, VAULT)
    other = write_dataset(tmp_path / "other", {"events": TABLES["events"]}, replace(INFO, **change))
    with pytest.raises(Refused, match="do not fit into the database"):
        load_dataset(database, other, NOW, VAULT)


def test_the_earlier_record_of_a_kind_stands(database, dataset, tmp_path):
    load_dataset(database, dataset, NOW, VAULT)
    info = replace(INFO, kinds_recorded={"visit": "2025-01-01T00:00:00+00:00", "call": "2024-06-01T00:00:00+00:00"})
    load_dataset(database, write_dataset(tmp_path / "other", {"events": TABLES["events"]}, info), NOW, VAULT)
    with database.reading() as connection:
        recorded = read_info(connection).kinds_recorded
    assert recorded["visit"] == "2023-12-01T00:00:00+00:00"
    assert recorded["call"] == "2024-06-01T00:00:00+00:00"


def test_an_empty_database_is_an_empty_dataset(database, tmp_path):
    out = export_dataset(database, tmp_path / "out", VAULT)
    assert (len(out.events()), len(out.table("accounts"))) == (0, 0)


def test_an_existing_folder_is_refused(database, dataset):
    with pytest.raises(BadUse, match="exists; give another folder"):
        export_dataset(database, dataset.path, VAULT)


def test_orders_of_nothing_and_accounts_that_only_events_name_stay_behind(database, tmp_path):
    common = {**dict.fromkeys(EVENTS.columns.keys()), "account_id": "a", "occurred_at": 1, "known_at": 1}
    del common["received_at"]
    rows = [{**common, "event_id": f"e{n}", "kind": kind, "amount": 0.0} for n, kind in enumerate(["order", "return"])]
    with database.writing() as connection:
        add_events(connection, rows, NOW, EVERYWHERE)
    out = export_dataset(database, tmp_path / "out", VAULT)
    assert out.events()["kind"].to_pylist() == ["return"]
    assert len(out.table("accounts")) == 0
