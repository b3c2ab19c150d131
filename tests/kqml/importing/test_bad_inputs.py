"""Bad inputs: one clear error each, nothing written."""

from pathlib import Path

import numpy as np
import openpyxl
import orjson
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from kqml.errors import BadUse, Refused
from kqml.importing.findings import FindingLevel
from kqml.importing.report import UsabilityReport

ORDERS = """
time_zone = "UTC"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
amount = "money"
"""
GOOD = "shop,day,money\nA,2024-01-01,5\nA,2024-01-08,6\n"
WITH_IDS = """
time_zone = "UTC"
[[events]]
[events.columns]
event_id = "id"
account_id = "shop"
occurred_at = "day"
kind = "what"
amount = "money"
"""


def refusals(report: UsabilityReport) -> list[tuple[str, int, tuple[int, ...], tuple[str, ...]]]:
    return [
        (finding.code, finding.count, finding.rows, finding.values)
        for finding in report.findings
        if finding.level is FindingLevel.REFUSAL
    ]


def test_wrong_columns_are_named_all_at_once_with_those_there_are(desk) -> None:
    with pytest.raises(Refused, match=r"columns of a.csv are not those of the mapping. Nothing was written.") as told:
        desk.bring({"a.csv": "store,day,amount\n1,2024-01-01,5\n"})

    assert [(fault.where, fault.what) for fault in told.value.faults] == [
        ("a.csv", "has no column 'shop'"),
        ("a.csv", "has no column 'money'"),
    ]
    assert "which has store, day, amount" in told.value.faults[0].todo
    assert told.value.exit_code == 1
    assert desk.left_over() == []


def test_two_columns_that_differ_in_case_alone_are_ambiguous(desk) -> None:
    with pytest.raises(Refused, match="has the columns 'shop', 'Shop' – rename all but one"):
        desk.bring({"a.csv": "shop,Shop,day,money\n1,2,2024-01-01,5\n"})


@pytest.mark.parametrize(
    ("days", "code", "values"),
    [
        (["2024-01-01T08:00:00", "2024-01-02T08:00:00+08:00"], "mixed_time_zones_day", ("–", "+08:00")),
        (["2024-01-01", "2024-01-02T08:00:00Z"], "mixed_time_zones_day", ("–", "Z")),
        (["2024-01-01T08:00:00+08:00", "2024-01-02T08:00:00+00:00"], "several_offsets_day", ("+00:00", "+08:00")),
    ],
)
def test_mixed_time_zones_are_refused(desk, days: list[str], code: str, values: tuple[str, ...]) -> None:
    report = desk.bring({"a.csv": "shop,day,money\n" + "".join(f"A,{day},5\n" for day in days)})

    assert refusals(report) == [(code.replace("_day", "_occurred_at"), 0, (), values)]
    assert desk.left_over() == []


def test_offsets_that_differ_are_read_where_the_mapping_says_so(desk) -> None:
    days = ["2024-01-01T08:00:00+08:00", "2024-01-02T08:00:00Z", "2024-01-03T10:00:00+02"]
    mapping = ORDERS.replace('"day"', '{ column = "day", offsets = "any" }')

    desk.bring({"a.csv": "shop,day,money\n" + "".join(f"A,{day},5\n" for day in days)}, mapping)

    assert [str(moment) for (moment,) in desk.columns("occurred_at")] == [
        "2024-01-01 00:00:00+00:00",
        "2024-01-02 08:00:00+00:00",
        "2024-01-03 08:00:00+00:00",
    ]


def test_unparsable_dates_are_counted_with_their_rows(desk) -> None:
    rows = ["2024-01-01", "2024-02-30", "03/04/2024", "2024-1-5", "soon", "2024-01-09"]

    report = desk.bring({"a.csv": "shop,day,money\n" + "".join(f"A,{day},5\n" for day in rows)})

    values = ("2024-02-30", "03/04/2024", "2024-1-5", "soon")
    assert refusals(report) == [("unparsable_occurred_at", 4, (3, 4, 5, 6), values)]
    assert desk.left_over() == []


def test_one_id_with_two_contents_is_refused_even_when_everything_is_tolerated(desk) -> None:
    rows = "id,shop,day,what,money\n1,A,2024-01-01,order,5\n2,A,2024-01-02,order,6\n1,A,2024-01-01,order,7\n"

    report = desk.bring({"a.csv": rows}, WITH_IDS)

    assert refusals(report) == [("two_contents_event_id", 1, (2, 4), ("1",))]
    assert desk.left_over() == []


def test_copies_of_an_event_count_once(desk) -> None:
    rows = "id,shop,day,what,money\n1,A,2024-01-01,order,5\n2,A,2024-01-02,order,6\n1,A,2024-01-01,order,5\n"

    report = desk.bring({"a.csv": rows, "b.csv": rows}, WITH_IDS)

    assert [(finding.code, finding.count) for finding in report.findings if finding.message == "copies"] == [
        ("copies", 4)
    ]
    assert desk.columns("event_id", "amount") == [("1", 5.0), ("2", 6.0)]


def test_future_dates_are_refused(desk) -> None:
    report = desk.bring({"a.csv": GOOD + "A,2024-05-31,5\nA,2024-06-02,5\nA,2042-06-01,5\n"})

    assert refusals(report) == [("future_occurred_at", 2, (5, 6), ("2024-06-02", "2042-06-01"))]
    assert desk.left_over() == []


def test_implausibly_old_dates_are_refused(desk) -> None:
    report = desk.bring({"a.csv": GOOD + "A,0204-05-31,5\n"})

    assert refusals(report) == [("implausible_occurred_at", 1, (4,), ("0204-05-31",))]


def test_unknown_kinds_are_refused_by_name(desk) -> None:
    rows = "id,shop,day,what,money\n1,A,2024-01-01,order,5\n2,A,2024-01-02,ordr,6\n3,A,2024-01-03,ZAHLUNG,7\n"

    report = desk.bring({"a.csv": rows}, WITH_IDS)

    assert refusals(report) == [("unknown_kind", 2, (3, 4), ("ordr", "ZAHLUNG"))]
    assert desk.left_over() == []


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "a.csv is empty. Nothing was written.\n  a.csv: holds not one byte"),
        ("\n\n", "a.csv is empty. Nothing was written.\n  a.csv: has no header"),
    ],
)
def test_an_empty_file_is_refused(desk, content: str, message: str) -> None:
    with pytest.raises(Refused, match=message):
        desk.bring({"a.csv": content})
    assert desk.left_over() == []


def test_a_header_alone_is_refused(desk) -> None:
    report = desk.bring({"a.csv": "shop,day,money\n"})

    assert refusals(report) == [("empty", 0, (), ())]
    assert desk.left_over() == []


def test_a_truncated_parquet_file_is_refused(desk, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"shop": ["A"] * 1000, "day": ["2024-01-01"] * 1000, "money": [1.0] * 1000}), path)
    path.write_bytes(path.read_bytes()[:-40])

    with pytest.raises(Refused, match=r"a.parquet cannot be read. Nothing was written.\n.*is not a whole Parquet file"):
        desk.take([path])
    assert desk.left_over() == []


def test_a_parquet_file_broken_inside_is_refused(desk, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    table = pa.table({"shop": [f"S{n}" for n in range(9000)], "day": ["2024-01-01"] * 9000, "money": [1.0] * 9000})
    pq.write_table(table, path, compression="zstd")
    content = bytearray(path.read_bytes())
    content[100:2000] = bytes(1900)
    path.write_bytes(content)

    with pytest.raises(Refused, match=r"a.parquet cannot be read. Nothing was written.\n.*is broken inside"):
        desk.take([path])
    assert desk.left_over() == []


def test_formulas_without_a_stored_value_are_refused_cell_by_cell(desk, tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["shop", "day", "money"])
    for day, money in (("2024-01-01", "=2+3"), ("2024-01-02", 6), ("2024-01-03", "=C2")):
        sheet.append(["A", day, money])
    book.save(tmp_path / "a.xlsx")

    with pytest.raises(Refused, match=r"a.xlsx holds 2 formulas whose values were never stored") as told:
        desk.take([tmp_path / "a.xlsx"])

    assert [(fault.where, fault.what) for fault in told.value.faults] == [
        ("a.xlsx cell C2", "the formula =2+3 has no stored value"),
        ("a.xlsx cell C4", "the formula =C2 has no stored value"),
    ]
    assert desk.left_over() == []


def test_something_else_named_xlsx_is_refused(desk) -> None:
    with pytest.raises(Refused, match=r"a.xlsx: is not a readable Excel file"):
        desk.bring({"a.xlsx": GOOD})


def test_an_account_with_one_event_is_kept_and_told(desk) -> None:
    report = desk.bring({"a.csv": GOOD + "B,2024-01-03,5\n"})

    singles = [(finding.level, finding.count) for finding in report.findings if finding.message == "single_events"]
    assert report.usable
    assert singles == [(FindingLevel.NOTE, 1)]
    assert desk.columns("account_id") == [("A",), ("A",), ("B",)]


def test_accounts_that_all_ordered_once_have_nothing_to_teach(desk) -> None:
    report = desk.bring({"a.csv": "shop,day,money\nA,2024-01-01,5\nB,2024-01-02,5\n"})

    assert refusals(report) == [("no_repeats", 2, (), ())]
    assert desk.left_over() == []


def test_an_account_with_a_million_events_works(desk, tmp_path: Path) -> None:
    count = 1_000_000
    moments = np.datetime64("2023-01-01T00:00:00") + 20 * np.arange(count).astype("timedelta64[s]")
    pq.write_table(pa.table({"shop": ["A"] * count, "day": moments, "money": [1.0] * count}), tmp_path / "a.parquet")

    report = desk.take([tmp_path / "a.parquet"])

    log = desk.dataset().event_log()
    assert report.usable
    assert (log.accounts.tolist(), len(log)) == (["A"], count)
    assert (log.occurred_at[1:] - log.occurred_at[:-1] == 20_000_000).all()


@pytest.mark.parametrize(
    ("rows", "where", "what"),
    [
        ("A,2024-01-01,5,9\n", "a.csv line 4", "has more fields than the header (1 such lines)"),
        ("A,2024-01-01\nA,2024-01-01\n", "a.csv line 4", "has fewer fields than the header (2 such lines)"),
        (b"\xc4\xe3\xba\xc3,2024-01-01,5\n", "a.csv line 4", "is not UTF-8 (1 such lines)"),
    ],
)
def test_broken_lines_are_refused_by_number(desk, rows: str | bytes, where: str, what: str) -> None:
    content = GOOD.encode() + (rows if isinstance(rows, bytes) else rows.encode())

    with pytest.raises(Refused, match=r"Lines of CSV files cannot be read. Nothing was written.") as told:
        desk.bring({"a.csv": content})

    assert [(fault.where, fault.what) for fault in told.value.faults] == [(where, what)]
    assert desk.left_over() == []


def test_faults_of_different_kinds_are_told_together(desk) -> None:
    report = desk.bring({"a.csv": GOOD + ",2024-01-03,5\nA,,5\nA,later,x\nA,2042-01-01,\n"})

    assert refusals(report) == [
        ("missing_account_id", 1, (4,), ()),
        ("missing_occurred_at", 1, (5,), ()),
        ("unparsable_occurred_at", 1, (6,), ("later",)),
        ("future_occurred_at", 1, (7,), ("2042-01-01",)),
        ("unparsable_amount", 1, (6,), ("x",)),
    ]


@pytest.mark.parametrize(
    ("name", "message"),
    [("absent.csv", "absent.csv: does not exist or is not a file"), ("a.pdf", "a.pdf: is of no known format")],
)
def test_files_that_cannot_be_are_bad_use(desk, name: str, message: str) -> None:
    paths = desk.write({"a.pdf": "x"})

    with pytest.raises(BadUse, match=message):
        desk.take([paths[0].with_name(name)])


def test_an_existing_folder_is_refused_before_anything_is_read(desk) -> None:
    desk.out.mkdir()

    with pytest.raises(BadUse, match=r"dataset exists; give another folder, or add --force"):
        desk.bring({"a.csv": "nonsense"})


STORES = (
    ORDERS.replace("[[events]]", '[[events]]\nfiles = ["a.csv"]')
    + """
[[accounts]]
files = ["shops*"]
[accounts.columns]
account_id = "id"
visit_weekdays = { column = "day", values = { "周二" = "Tu", "周一、周四" = "Mo,Th" } }
opening_hours = "open"
latitude = "lat"
"""
)


def test_visiting_times_of_stores_are_read_in_one_form(desk) -> None:
    shops = "id,day,open,lat\nA,周二,08:30-21:00,31.2\nB,周一、周四,Mo-Sa 09:00-18:00,\n"
    report = desk.bring({"a.csv": GOOD, "shops.csv": shops}, STORES)
    accounts = desk.dataset().accounts()
    assert report.usable
    assert accounts["visit_weekdays"].tolist() == ["Tu", "Mo,Th"]
    assert accounts["opening_hours"].tolist() == ["08:30-21:00", "Mo-Sa 09:00-18:00"]


def test_visiting_times_in_another_form_are_refused_with_their_rows(desk) -> None:
    shops = "id,day,open,lat\nA,周三,from nine,310\n"
    report = desk.bring({"a.csv": GOOD, "shops.csv": shops}, STORES)
    assert refusals(report) == [
        ("unparsable_visit_weekdays", 1, (2,), ("周三",)),
        ("unparsable_opening_hours", 1, (2,), ("from nine",)),
        ("out_of_range_latitude", 1, (2,), ("310",)),
    ]


WITH_NOTES = ORDERS.replace("[events.columns]", '[events.columns]\nattributes = "note"')
LAX = ['{"a": NaN}', '{"a": -Infinity}', '{"a": 1,}', '{"a": [1, ]}', '{"a": 1e999}', '{"a": ' + "9" * 400 + "}"]
STRICT = ['{"a": "NaN, ]"}', '{"a": 1e300}', '{"inf": -2.5E-310}', '{"a": "\\\\"}', '{"a": "\\"NaN"}']


@pytest.mark.parametrize(("note", "is_json"), [*((text, False) for text in LAX), *((text, True) for text in STRICT)])
def test_what_only_some_readers_take_for_json_is_refused(desk, note: str, is_json: bool) -> None:
    """Features read attributes with a strict reader, long after the import."""
    quoted = note.replace('"', '""')
    report = desk.bring({"a.csv": f'shop,day,money,note\nA,2024-01-01,5,"{quoted}"\nA,2024-01-08,5,\n'}, WITH_NOTES)

    assert refusals(report) == ([] if is_json else [("unparsable_attributes", 1, (2,), (note,))])
    if is_json:
        assert desk.columns("attributes")[0] == (note,)
        orjson.loads(note)
