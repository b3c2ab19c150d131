"""Dataset folders: what is written is what is read; the fingerprint is of the rows alone."""

from datetime import UTC, datetime
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kqml.dataset.fingerprint import TableHash
from kqml.dataset.folder import ColumnUse, Dataset, DatasetInfo, QuietPeriod, read_dataset, write_dataset
from kqml.errors import BadUse, CouldNot, Refused
from kqml.events import EventKind


def at(day: int) -> datetime:
    return datetime(2024, 1, day, tzinfo=UTC)


EVENTS = pa.table(
    {
        "event_id": ["e1", "e2", "e3", "e4"],
        "account_id": ["A", "A", "B", "B"],
        "occurred_at": [at(1), at(2), at(1), at(1)],
        "known_at": [at(1), at(4), at(1), at(1)],
        "kind": ["order", "visit", "order", "return"],
        "amount": [5.0, None, 7.0, 1.0],
        "rep_id": [None, "r1", None, "r2"],
    }
)
ACCOUNTS = pd.DataFrame({"account_id": ["C", "A"], "tier": ["B", None], "opened_on": ["2020-02-01", None]})
INFO = DatasetInfo(
    time_zone="Europe/Berlin",
    quiet_periods=(QuietPeriod("2024-02-09", "2024-02-18", "新年"),),
    columns={"tier": ColumnUse("2020-01-01", True, ""), "region": ColumnUse(None, False, "late")},
    record_lags={"visit": {"days": 2.0}},
    source={"files": ["a.csv"]},
)


def written(folder: Path, events: object = EVENTS, **others: object) -> Dataset:
    return write_dataset(folder / "d", {"events": events, **others}, INFO)  # type: ignore[dict-item]


def test_what_is_written_is_read(tmp_path: Path) -> None:
    made = written(tmp_path, accounts=ACCOUNTS)

    found = read_dataset(tmp_path / "d")

    assert found.info == made.info
    assert found.info.columns == INFO.columns
    assert found.info.kinds_recorded == {
        "order": "2024-01-01T00:00:00+00:00",
        "return": "2024-01-01T00:00:00+00:00",
        "visit": "2024-01-04T00:00:00+00:00",
    }
    assert found.events().select(EVENTS.column_names).to_pylist() == EVENTS.to_pylist()


def test_the_log_has_the_accounts_of_both_tables_in_order(tmp_path: Path) -> None:
    log = written(tmp_path, accounts=ACCOUNTS).event_log()

    assert log.accounts.tolist() == ["A", "B", "C"]
    assert log.offsets.tolist() == [0, 2, 4, 4]
    assert sorted(log.values) == ["amount"]
    assert log.codes["rep_id"].tolist() == [-1, 0, -1, 1]


@pytest.mark.parametrize(("kinds", "ids"), [((), []), ((EventKind.ORDER, EventKind.RETURN), ["e1", "e3", "e4"])])
def test_events_of_some_kinds_are_those_of_the_whole(
    tmp_path: Path, kinds: tuple[EventKind, ...], ids: list[str]
) -> None:
    dataset = written(tmp_path)
    assert dataset.events(["event_id", "amount"], kinds)["event_id"].to_pylist() == ids
    assert dataset.events(None, kinds).schema == dataset.events().schema


def test_accounts_stand_in_the_order_of_the_log(tmp_path: Path) -> None:
    accounts = written(tmp_path, accounts=ACCOUNTS).accounts()

    assert accounts.index.tolist() == ["A", "B", "C"]
    assert accounts["tier"].isna().tolist() == [True, True, False]
    assert accounts["opened_on"].dt.strftime("%Y-%m-%d").tolist()[2] == "2020-02-01"
    assert list(accounts.columns) == ["tier", "opened_on"]


def test_absent_tables_are_empty(tmp_path: Path) -> None:
    made = written(tmp_path)

    assert list(made.accounts().columns) == []
    assert (len(made.reps()), len(made.contacts())) == (0, 0)


@pytest.mark.parametrize(
    "events",
    [
        EVENTS.take(pa.array([3, 1, 0, 2])),
        EVENTS.select(EVENTS.column_names[::-1]),
        EVENTS.append_column("channel", pa.nulls(4, pa.string())),
        EVENTS.to_batches(max_chunksize=1),
        EVENTS.to_pandas(),
    ],
    ids=["another order of rows", "another order of columns", "a column without values", "batches", "a frame"],
)
def test_the_fingerprint_is_of_the_rows_alone(tmp_path: Path, events: object) -> None:
    expected = written(tmp_path / "one").info.fingerprint

    other = written(tmp_path / "other", events)

    assert other.info.fingerprint == expected
    assert other.measured_fingerprint() == expected


def test_the_fingerprint_of_known_rows_stays_as_written_down(tmp_path: Path) -> None:
    fingerprint = written(tmp_path, accounts=ACCOUNTS).info.fingerprint

    assert fingerprint == "184e68e368ce59bb4f22dd49883bb0bcd03183aad7fa62472688f0b405e1ebb2"


def hashed(*pieces: pa.Table) -> str:
    table_hash = TableHash()
    for piece in pieces:
        table_hash.update(piece)
    return table_hash.digest()


@pytest.mark.parametrize("column", ["amount", "rep_id", "known_at"])
@pytest.mark.parametrize("bare", [slice(0, 2), slice(2, 4)], ids=["early", "late"])
def test_a_piece_without_a_column_counts_as_rows_without_values(column: str, bare: slice) -> None:
    rows = [{**row, column: None} if bare.start <= at < bare.stop else row for at, row in enumerate(EVENTS.to_pylist())]
    table = pa.Table.from_pylist(rows, schema=EVENTS.schema)
    early, late = table.slice(0, 2), table.slice(2, 2)
    pieces = (early.drop_columns([column]), late) if bare.start == 0 else (early, late.drop_columns([column]))

    assert hashed(*pieces) == hashed(table) != hashed(EVENTS)


def test_a_column_that_is_absent_does_not_enter_the_fingerprint() -> None:
    absent = EVENTS.append_column("due_at", pa.nulls(4, pa.timestamp("us", tz="UTC")))

    assert hashed(absent) == hashed(EVENTS) == hashed(*(EVENTS.slice(at, 1) for at in range(4)))


def test_the_fingerprint_does_not_see_how_events_are_cut_into_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = written(tmp_path / "one").info.fingerprint
    monkeypatch.setattr("kqml.dataset.table_checks.PART_ROWS", 1)

    other = written(tmp_path / "other")

    assert len(list((tmp_path / "other" / "d" / "events").iterdir())) == 4
    assert other.info.fingerprint == expected
    assert other.event_log().kind.tolist() == written(tmp_path / "third").event_log().kind.tolist()


@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("amount", 5.000001),
        ("amount", None),
        ("account_id", "A "),
        ("occurred_at", datetime(2024, 1, 1, 0, 0, 0, 1, UTC)),
    ],
)
def test_any_change_of_a_value_changes_the_fingerprint(tmp_path: Path, column: str, value: object) -> None:
    rows = EVENTS.to_pylist()
    rows[0][column] = value

    changed = written(tmp_path / "other", pa.Table.from_pylist(rows, schema=EVENTS.schema))

    assert changed.info.fingerprint != written(tmp_path / "one").info.fingerprint


def test_rows_that_break_the_contract_are_refused_together(tmp_path: Path) -> None:
    rows = EVENTS.to_pylist()
    rows[0] |= {"kind": "ordr", "amount": -5.0}
    rows[1] |= {"known_at": None}

    with pytest.raises(Refused, match=r"Rows of events violate the data contract") as told:
        written(tmp_path, pa.Table.from_pylist(rows, schema=EVENTS.schema))

    assert sorted(fault.where for fault in told.value.faults) == ["events.amount", "events.kind", "events.known_at"]
    assert list(tmp_path.iterdir()) == []


def test_columns_that_do_not_belong_are_refused_together(tmp_path: Path) -> None:
    events = EVENTS.rename_columns(["id", *EVENTS.column_names[1:]]).set_column(5, "amount", pa.array(["x"] * 4))

    with pytest.raises(Refused, match="does not match the data contract") as told:
        written(tmp_path, events)

    assert [fault.where for fault in told.value.faults] == ["events.id", "events.event_id", "events.amount"]


def test_an_account_stands_once_in_its_table(tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"accounts.account_id: A violates"):
        written(tmp_path, accounts=pd.DataFrame({"account_id": ["A", "A"]}))


def test_batches_out_of_order_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="batches of events are not in key order"):
        written(tmp_path, EVENTS.take(pa.array([2, 0, 1, 3])).to_batches(max_chunksize=1))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_dataset_is_bad_use(tmp_path: Path) -> None:
    with pytest.raises(BadUse, match=r"is not a dataset: dataset.json is missing"):
        read_dataset(tmp_path)


@pytest.mark.parametrize("content", ["{", "[]", '{"colour": 1}', '{"format_version": 9}'])
def test_a_description_that_cannot_be_read_is_said_so(tmp_path: Path, content: str) -> None:
    (tmp_path / "dataset.json").write_text(content)

    with pytest.raises(CouldNot, match=r"dataset.json (cannot be read|has format version 9)"):
        read_dataset(tmp_path)


def test_a_broken_part_is_named(tmp_path: Path) -> None:
    made = written(tmp_path)
    part = next((made.path / "events").iterdir())
    part.write_bytes(part.read_bytes()[:-9])

    with pytest.raises(CouldNot, match=r"part-00000.parquet cannot be read"):
        read_dataset(made.path).event_log()


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("[]", "holds list, not one JSON object"),
        ('{"time_zone": "Mars/Olympus"}', "Mars/Olympus"),
        (
            '{"quiet_periods": [{"start": "2024-99-99", "end": "2024-02-01", "name": "x"}]}',
            r"month must be|2024-99",
        ),
        ('{"quiet_periods": [{"start": "2024-02-09", "end": "2024-02-09", "name": "x"}]}', "not after 2024-02-09"),
    ],
)
def test_a_description_edited_into_nonsense_is_refused(tmp_path, content, said):
    folder = written(tmp_path).path
    (folder / "dataset.json").write_text(content)
    with pytest.raises(CouldNot, match=said):
        read_dataset(folder)


def test_a_table_in_the_place_of_another_is_refused(tmp_path):
    folder = written(tmp_path, accounts=ACCOUNTS, reps=pd.DataFrame({"rep_id": ["r1"]})).path
    (folder / "reps.parquet").rename(folder / "accounts.parquet")
    with pytest.raises(CouldNot, match=r"accounts.parquet does not have the columns account_id"):
        read_dataset(folder).event_log()


def test_a_part_that_holds_no_events_is_refused(tmp_path):
    folder = written(tmp_path, accounts=ACCOUNTS).path
    (folder / "accounts.parquet").rename(folder / "events" / "part-00001.parquet")
    with pytest.raises(
        CouldNot, match=r"part-00001.parquet does not have the columns event_id, occurred_at, known_at, kind"
    ):
        read_dataset(folder).event_log()


@pytest.mark.parametrize(
    ("column", "name", "said"),
    [
        ("account_id", "A\t", r"account_id: 'A\\t' begins or ends with white space.*\(1 in all\)"),
        ("account_id", "8.60102E+17", "has lost digits"),
        ("rep_id", "NULL", "rep_id: 'NULL' is empty or a word for no value"),
    ],
)
def test_ids_that_are_none_are_refused_wherever_a_folder_is_read(
    tmp_path: Path, column: str, name: str, said: str
) -> None:
    rows = EVENTS.to_pylist()
    rows[0] |= {column: name}
    folder = written(tmp_path, pa.Table.from_pylist(rows, schema=EVENTS.schema)).path

    with pytest.raises(Refused, match=r"events/part-00000.parquet, " + said if "in all" in said else said):
        read_dataset(folder).event_log()

    assert read_dataset(folder).measured_fingerprint() == read_dataset(folder).info.fingerprint


def test_ids_that_are_no_text_are_refused(tmp_path: Path) -> None:
    folder = written(tmp_path, accounts=ACCOUNTS).path
    pq.write_table(pa.table({"account_id": [1, 2]}), folder / "accounts.parquet")

    with pytest.raises(Refused, match=r"accounts\.parquet, account_id: is of the type int64 – write ids as text"):
        read_dataset(folder).accounts()
