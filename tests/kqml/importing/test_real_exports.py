"""Exports as people have them: what is read, what is named, what is refused."""

import gzip
import shutil
import zipfile
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from kqml.errors import BadUse, Refused
from kqml.importing.findings import FindingLevel
from kqml.importing.report import UsabilityReport
from kqml.importing.wording import sentences

MAPPING = """
time_zone = "UTC"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = "day"
kind = { constant = "order" }
amount = "money"
"""
GB18030 = MAPPING.replace("[events.columns]", 'encoding = "gb18030"\n[events.columns]')
HEADER = "shop,day,money"
ROWS = ["A,2024-01-01,5", "A,2024-01-08,6", "B,2024-01-03,7", "B,2024-01-10,8"]
GOOD = "\n".join([HEADER, *ROWS]) + "\n"
EVENTS = [("A", 5.0), ("A", 6.0), ("B", 7.0), ("B", 8.0)]


def told(report: UsabilityReport) -> dict[str, int]:
    """Message → count, without those that every small file gets."""
    usual = {"short_span", "few_accounts", "single_events"}
    return {finding.message: finding.count for finding in report.findings if finding.message not in usual}


def found(report: UsabilityReport, message: str):
    return next(finding for finding in report.findings if finding.message == message)


def write_book(path: Path, *sheets: list[list[object]]) -> Path:
    book = openpyxl.Workbook()
    for number, rows in enumerate(sheets):
        sheet = book.active if number == 0 else book.create_sheet()
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def repack(path: Path, part: str, change) -> Path:
    """The same file with one part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    changed = change(parts[part])
    assert changed != parts[part]
    parts[part] = changed
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return path


SHEET = "xl/worksheets/sheet1.xml"
CELLS: list[list[object]] = [["shop", "day", "money"]] + [
    [shop, datetime.fromisoformat(day), float(money)] for shop, day, money in (row.split(",") for row in ROWS)
]


# CSV


@pytest.mark.parametrize(
    ("content", "keys", "messages"),
    [
        (GOOD.replace("money", '"money\r\n(CNY)"'), "", {}),
        (GOOD.replace("day", "\u200bday\xa0"), "", {}),
        ("sep=;\r\n" + GOOD.replace(",", ";").replace("\n", "\r\n"), "", {"rows_above_header": 1}),
        ("Orders of all shops\n\n" + GOOD, "", {"rows_above_header": 2}),
        ("shop,day,other\nx,y,z\n" + GOOD, "header_row = 3", {"rows_above_header": 2}),
        (GOOD + "made on 2024-07-01,,\n", "footer_rows = 1", {}),
        (GOOD + "合计,,26\n", "", {"total_rows": 1}),
        (GOOD + ",,26\n", "footer_rows = 1", {}),
        (GOOD.replace("\n", "\r"), "", {}),
        (GOOD.replace("\n", "\r\n", 3), "", {}),
        (GOOD.replace("5\n", "5,,\n"), "", {}),
        ("shop,day,money,note\n" + GOOD.partition("\n")[2].replace("5\n", "5,ok\n"), "", {"short_rows": 3}),
        (GOOD.encode("utf-16"), "", {}),
        (GOOD.encode("utf-16-le"), 'encoding = "utf-16-le"', {}),
    ],
)
def test_a_file_laid_out_differently_is_read_the_same(desk, content, keys: str, messages) -> None:
    mapping = MAPPING.replace("[events.columns]", f"{keys}\n[events.columns]")
    if isinstance(content, str) and "(CNY)" in content:
        mapping = mapping.replace('"money"', r'"money\n(CNY)"')

    report = desk.bring({"a.csv": content}, mapping)

    assert desk.columns("account_id", "amount") == EVENTS
    assert told(report) == messages


def test_quotes_with_a_backslash_are_read_where_the_mapping_says_so(desk) -> None:
    content = (
        GOOD.replace("money", "money,name").replace("5\n", '5,"the \\"Sun\\", east"\n').replace("6\n", '6,"x\\\\"\n')
    )
    content = content.replace("7\n", "7,\n").replace("8\n", "8,\n")
    with pytest.raises(Refused, match=r'a.csv line 2: has a quote that does not close .* say escape = "\\\\"'):
        desk.bring({"a.csv": content})

    desk.bring({"a.csv": content}, MAPPING.replace("[events.columns]", 'escape = "\\\\"\n[events.columns]'))

    assert desk.columns("account_id", "amount") == EVENTS


def test_lines_that_lack_a_mapped_column_are_read_only_where_the_mapping_says_so(desk) -> None:
    content = GOOD + "C,2024-01-11\n"
    with pytest.raises(Refused, match=r"a.csv line 6: has fewer fields than the header .*short_rows = \"pad\""):
        desk.bring({"a.csv": content})

    report = desk.bring({"a.csv": content}, MAPPING.replace("[events.columns]", 'short_rows = "pad"\n[events.columns]'))

    assert (found(report, "short_rows").count, found(report, "short_rows").rows) == (1, (6,))


@pytest.mark.parametrize(
    ("content", "advice"),
    [
        (GOOD.replace("shop", "门店").encode("gb18030"), 'encoding = "gb18030"'),
        (GOOD.encode("utf-16-be"), 'encoding = "utf-16-be"'),
    ],
)
def test_the_likely_encoding_is_named(desk, content: bytes, advice: str) -> None:
    with pytest.raises(Refused, match=advice):
        desk.bring({"a.csv": content}, MAPPING.replace('"shop"', '"门店"'))


def test_invisible_characters_of_other_columns_are_shown(desk) -> None:
    with pytest.raises(Refused, match=r"which has sh\\u200bops, day, money"):
        desk.bring({"a.csv": GOOD.replace("shop", "sh\u200bops")})


BAD = "C,soon,9"


@pytest.mark.parametrize(
    ("content", "row"),
    [
        (f"{GOOD}\n\n{BAD}\n", 8),
        (f"\n\n{GOOD}{BAD}\n", 8),
        (f"{HEADER}\n\n{ROWS[0]}\n\n\n{ROWS[1]}\n\n{BAD}\n\n", 8),
        (f"{HEADER}\n\n{ROWS[0]}\n\n{BAD}\n".replace("\n", "\r\n"), 5),
        (f"{HEADER}\n\n{ROWS[0]}\n\n{BAD}\n".replace("\n", "\r"), 5),
        (f"{HEADER}\n\n{ROWS[0]},,\n\n{BAD}\n", 5),
        (f"{HEADER}\n\n{ROWS[0]}\n\n{BAD}\n".encode("utf-16"), 5),
        (f'{HEADER}\n\n"A 1\n\nB",2024-01-01,5\n\n{BAD}\n', 5),
    ],
)
def test_rows_are_counted_as_a_spreadsheet_counts_them(desk, content, row: int) -> None:
    report = desk.bring({"a.csv": content}, MAPPING)

    assert found(report, "unparsable").rows == (row,)


def test_rows_of_many_blocks_are_counted_with_blank_lines(desk) -> None:
    lines = [line for number in range(150_000) for line in (f"A{number % 7},2024-01-01,{number}", "")]

    report = desk.bring({"a.csv": "\n".join([HEADER, *lines, BAD])}, MAPPING)

    assert found(report, "unparsable").rows == (300_002,)


def test_lines_that_cannot_be_read_are_counted_with_blank_lines(desk) -> None:
    with pytest.raises(Refused, match=r"a.csv line 8: has fewer fields"):
        desk.bring({"a.csv": f"{GOOD}\n\nC,2024-01-11\n"}, MAPPING)


# Packed files


def test_a_gzipped_file_is_read_as_the_unpacked_one(desk) -> None:
    desk.bring({"a.csv.gz": gzip.compress(GOOD.replace("A", "甲").encode("gb18030"))}, GB18030)

    assert desk.columns("account_id", "amount") == [("B", 7.0), ("B", 8.0), ("甲", 5.0), ("甲", 6.0)]


def test_a_gzipped_file_made_to_fill_memory_or_disk_is_refused(desk, monkeypatch) -> None:
    monkeypatch.setattr("kqml.importing.packed_files.RATIO_FROM", 1 << 20)
    bomb = gzip.compress(GOOD.encode() + b"A,2024-01-01,5\n" * 500_000)
    with pytest.raises(Refused, match=r"a.csv.gz: unpacks to more than 300 times its bytes – give it unpacked"):
        desk.bring({"a.csv.gz": bomb}, MAPPING)
    assert desk.left_over() == []


@pytest.mark.parametrize("harm", [lambda packed: packed[:-12], lambda packed: packed[:40] + b"\0" * 9 + packed[49:]])
def test_a_broken_gzipped_file_is_a_fault_of_the_file(desk, harm) -> None:
    packed = gzip.compress(GOOD.encode() + bytes(range(48, 90)) * 9)
    with pytest.raises(Refused, match=r"a.csv.gz: .* – copy or export it again"):
        desk.bring({"a.csv.gz": harm(packed)}, MAPPING)


# Excel


def test_the_size_that_a_sheet_states_is_not_trusted(desk, tmp_path: Path) -> None:
    path = repack(write_book(tmp_path / "a.xlsx", CELLS), SHEET, lambda text: text.replace(b"A1:C5", b"A1:C2"))

    desk.take([path], MAPPING)

    assert desk.columns("account_id", "amount") == EVENTS


def test_dates_and_numbers_of_excel_keep_their_type_among_texts(desk, tmp_path: Path) -> None:
    rows = [*CELLS[:3], ["B", "2024/1/3", "7,00"], ["B", "2024/1/10", "8,00"]]
    mapping = MAPPING.replace('"day"', '{ column = "day", format = "%Y/%m/%d" }')
    mapping = mapping.replace('"money"', '{ column = "money", decimal = ",", thousands = "." }')

    desk.take([write_book(tmp_path / "a.xlsx", rows)], mapping)

    assert desk.columns("account_id", "amount") == EVENTS
    assert [str(day)[:10] for (day,) in desk.columns("occurred_at")] == [row.split(",")[1] for row in ROWS]


def test_a_second_sheet_with_the_same_columns_is_refused_or_read(desk, tmp_path: Path) -> None:
    path = write_book(tmp_path / "a.xlsx", CELLS[:3], [CELLS[0], *CELLS[3:]], [["remarks"], ["none"]])
    report = desk.take([path], MAPPING)
    assert [(f.message, f.values) for f in report.findings if f.level is FindingLevel.REFUSAL] == [
        ("sheets_alike", ("Sheet1",))
    ]

    report = desk.take([path], MAPPING.replace("[events.columns]", 'sheet = "*"\n[events.columns]'))

    assert desk.columns("account_id", "amount") == EVENTS
    assert found(report, "sheets_unread").values == ("Sheet2",)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        (SHEET, b"</sheetData>", b""),
        (SHEET, b't="inlineStr"><is><t>shop</t></is>', b't="s"><v>99</v>'),
        (SHEET, b"<v>5</v>", b"<v> 1,5 </v>"),
        (SHEET, b"shop", b"sh\x00op"),
        (SHEET, b't="inlineStr"><is><t>day</t></is>', b't="d"><v>soon</v>'),
        ("xl/workbook.xml", b"<sheets>", b"<sheets"),
    ],
)
def test_whatever_the_library_raises_is_one_fault_of_the_file(desk, tmp_path: Path, part: str, old, new) -> None:
    path = repack(write_book(tmp_path / "a.xlsx", CELLS), part, lambda text: text.replace(old, new, 1))

    with pytest.raises(Refused, match=r"a.xlsx: is not a readable Excel file") as refused:
        desk.take([path], MAPPING)

    assert len(refused.value.faults) == 1
    assert desk.left_over() == []


def test_looks_that_the_library_cannot_read_do_not_matter(desk, tmp_path: Path) -> None:
    path = repack(
        write_book(tmp_path / "a.xlsx", CELLS),
        "xl/styles.xml",
        lambda text: text.replace(b"<fills", b"<fills><fill/></fills><fills", 1),
    )

    desk.take([path], MAPPING)

    assert desk.columns("account_id", "amount") == EVENTS


def test_a_file_made_to_fill_memory_is_refused(desk, tmp_path: Path) -> None:
    path = repack(write_book(tmp_path / "a.xlsx", CELLS), SHEET, lambda text: text + b" " * (64 << 20))

    with pytest.raises(Refused, match=r"its part xl/worksheets/sheet1.xml unpacks to 67,"):
        desk.take([path], MAPPING)


def test_merged_cells_are_filled_downwards_and_subtotals_left_out(desk, tmp_path: Path) -> None:
    rows = [
        ["Report of July", None, None, None],
        ["shop", "day", "item", "money"],
        ["A", datetime(2024, 1, 1), "x", 5],
        [None, datetime(2024, 1, 8), "y", 6],
        [None, None, "小计", 11],
        ["B", datetime(2024, 1, 3), "x", 7],
        [None, datetime(2024, 1, 10), "x", 8],
        ["合计", None, None, 26],
    ]
    mapping = MAPPING.replace('"shop"', '{ column = "shop", fill = "down" }')
    mapping = mapping.replace('"day"', '{ column = "day", fill = "down" }')

    report = desk.take([write_book(tmp_path / "a.xlsx", rows)], mapping)

    assert desk.columns("account_id", "amount") == EVENTS
    assert (found(report, "total_rows").count, found(report, "total_rows").rows) == (2, (5, 8))


# Ids


def test_blanks_around_ids_are_removed_and_counted(desk) -> None:
    report = desk.bring({"a.csv": GOOD.replace("A,", "A\t,"), "b.csv": GOOD.replace("-01-", "-02-")}, MAPPING)

    assert {account for (account,) in desk.columns("account_id")} == {"A", "B"}
    assert [(f.count, f.rows) for f in report.findings if f.message == "trimmed"] == [(2, (2, 3))]


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("NULL", "missing_account_id"),
        ("#N/A", "missing_account_id"),
        ("无", "missing_account_id"),
        ("8.60102E+17", "lost_digits_account_id"),
        ("17850.0", "lost_digits_account_id"),
        ("A\u200bB", "invisible_account_id"),
        ("x" * 129, "too_long_account_id"),
    ],
)
def test_what_is_no_id_is_refused_by_name(desk, name: str, code: str) -> None:
    report = desk.bring({"a.csv": GOOD + f"{name},2024-01-11,5\n"}, MAPPING)

    refusals = [(f.code, f.rows, f.values) for f in report.findings if f.level is FindingLevel.REFUSAL]
    assert refusals == [(code, (6,), (name,))]


def test_numbers_of_more_digits_than_excel_keeps_are_refused(desk, tmp_path: Path) -> None:
    rows = [CELLS[0], *([860102199003072345 + number, *row[1:]] for number, row in enumerate(CELLS[1:]))]

    report = desk.take([write_book(tmp_path / "a.xlsx", rows)], MAPPING)

    assert found(report, "lost_digits").count == 4


def test_ids_are_spelled_as_the_mapping_says(desk) -> None:
    rows = ["Ａ０１,2024-01-01,5", "a01,2024-01-08,6", "007,2024-01-03,7", "7.0,2024-01-10,8"]
    change = '{ column = "shop", normalise = ["half_width", "upper", "whole_number", "no_leading_zeros"] }'

    desk.bring({"a.csv": "\n".join([HEADER, *rows])}, MAPPING.replace('"shop"', change))

    assert desk.columns("account_id") == [("7",), ("7",), ("A01",), ("A01",)]


def test_both_forms_of_salesforce_ids_are_named_and_made_one(desk) -> None:
    content = GOOD.replace("A,2024-01-01", "001D000000IRFma,2024-01-01").replace("A,", "001D000000IRFmaIAH,")

    report = desk.bring({"a.csv": content}, MAPPING)
    assert found(report, "look_alike").values == ("001D000000IRFma / 001D000000IRFmaIAH",)
    out = desk.write({"b.csv": content})
    shutil.rmtree(desk.out)
    desk.take(out, MAPPING.replace('"shop"', '{ column = "shop", normalise = ["salesforce_15"] }'))

    assert {account for (account,) in desk.columns("account_id")} == {"001D000000IRFma", "B"}


def test_ids_that_look_alike_are_named(desk) -> None:
    report = desk.bring({"a.csv": GOOD + "a,2024-01-02,1\n01,2024-01-02,1\n1,2024-01-02,1\n"}, MAPPING)

    assert (found(report, "look_alike").count, found(report, "look_alike").values) == (2, ("01 / 1", "A / a"))


def test_null_words_among_ids_that_may_be_absent_are_counted(desk) -> None:
    mapping = MAPPING.replace('amount = "money"', 'rep_id = "money"')

    report = desk.bring({"a.csv": GOOD.replace(",5\n", ",NULL\n")}, mapping)

    assert (found(report, "null_words").level, found(report, "null_words").rows) == (FindingLevel.NOTE, (2,))


# The same rows twice


AGGREGATED = MAPPING + '[events.aggregate]\nper = "day"\n'


@pytest.mark.parametrize("mapping", [MAPPING, AGGREGATED])
def test_overlapping_exports_are_named(desk, mapping: str) -> None:
    later = "\n".join([HEADER, ROWS[3], "B,2024-01-11,9"])

    report = desk.bring({"orders.csv": GOOD, "orders (1).csv": later}, mapping)

    shared = found(report, "shared_rows")
    assert (shared.level, shared.count, shared.source, shared.rows) == (FindingLevel.WARNING, 1, "orders (1).csv", (2,))
    assert dict(shared.facts) == {"other": "orders.csv", "first": "2024-01-10", "last": "2024-01-10"}
    assert "orders.csv, from 2024-01-10 to 2024-01-10" in sentences(shared, "en").what


@pytest.mark.parametrize("second", [GOOD, GOOD.replace("\n", "\r\n"), "sep=,\n" + GOOD])
def test_the_same_rows_in_a_second_file_are_refused(desk, second: str) -> None:
    report = desk.bring({"orders.csv": GOOD, "orders (1).csv": second}, AGGREGATED)

    assert (found(report, "same_file").count, found(report, "same_file").source) == (4, "orders (1).csv")
    assert desk.left_over() == []


def test_months_that_follow_each_other_share_nothing(desk) -> None:
    report = desk.bring({"a.csv": GOOD, "b.csv": GOOD.replace("2024-01", "2024-02")}, AGGREGATED)

    assert not {"shared_rows", "same_file", "alike_rows"} & set(told(report))


def test_rows_that_repeat_before_they_are_summed_are_counted(desk) -> None:
    report = desk.bring({"a.csv": GOOD + ROWS[0] + "\n"}, AGGREGATED)

    assert (found(report, "alike_rows").count, found(report, "alike_rows").rows) == (1, (6,))


# Numbers and dates


@pytest.mark.parametrize(
    ("spelled", "keys"),
    [
        ("(1,234.50)", 'thousands = ",", negative = "brackets"'),
        ("¥(1,234.50)", 'thousands = ",", negative = "brackets", strip = ["¥"]'),
        ("1,234.50-", 'thousands = ",", negative = "trailing"'),
        ("\u22121234.50", ""),
        ("-1\u202f234,50", 'thousands = " ", decimal = ","'),
        ("-1.234,50 €", 'thousands = ".", decimal = ",", strip = ["€"]'),
        ("-1’234.50", 'thousands = "\'"'),
        ("－１２３４.５０", ""),
        ("- 1234.5", ""),
    ],
)
def test_a_number_is_read_as_the_mapping_spells_it(desk, spelled: str, keys: str) -> None:
    mapping = MAPPING.replace('"money"', f'{{ column = "money"{"," if keys else ""} {keys} }}')

    desk.bring({"a.csv": GOOD + f'A,2024-01-09,"{spelled}"\n'}, mapping)

    assert ("return", 1234.5) in desk.columns("kind", "amount")


@pytest.mark.parametrize("strip", ["(", ")", "-", "−", "5", "."])
def test_what_gives_a_number_its_sign_cannot_be_stripped(desk, strip: str) -> None:
    with pytest.raises(BadUse, match="strip cannot remove"):
        desk.bring({"a.csv": GOOD}, MAPPING.replace('"money"', f'{{ column = "money", strip = ["{strip}"] }}'))


@pytest.mark.parametrize(
    ("days", "format_"),
    [
        (["45293", "45300.5"], '"excel"'),
        (["43831", "43838.5"], '"excel1904"'),
        (["1704153600", "1704801600"], '"epoch"'),
        (["1704153600000", "1704801600000"], '"epoch_ms"'),
        (["24/1/2", "24/1/9"], '"%y/%m/%d"'),
        (["2024年1月2日", "2024.1.9"], '["%Y年%m月%d日", "%Y.%m.%d"]'),
    ],
)
def test_a_date_is_read_in_its_format(desk, days: list[str], format_: str) -> None:
    rows = "".join(f"A,{day},5\n" for day in days)

    desk.bring({"a.csv": f"{HEADER}\n{rows}"}, MAPPING.replace('"day"', f'{{ column = "day", format = {format_} }}'))

    assert [str(day)[:10] for (day,) in desk.columns("occurred_at")] == ["2024-01-02", "2024-01-09"]


@pytest.mark.parametrize(
    ("column", "value", "advice"),
    [
        ("day", "45293", 'format = "excel"'),
        ("day", "1704153600000", 'format = "epoch_ms"'),
        ("day", "2024/1/5", 'format = "%Y/%m/%d"'),
        ("day", "03/04/2024", 'format = "%d/%m/%Y" or format = "%m/%d/%Y"'),
        ("money", "(3,103.70)", 'negative = "brackets", thousands = ","'),
        ("money", "3,103.70-", 'negative = "trailing", thousands = ","'),
        ("money", "1.234,50 €", 'strip = ["€"], decimal = ",", thousands = "."'),
        ("money", "NULL", 'values = { "NULL" = "" }'),
    ],
)
def test_advice_is_what_the_mapping_can_do(desk, column: str, value: str, advice: str) -> None:
    row = f"A,{value},5\n" if column == "day" else f'A,2024-01-11,"{value}"\n'
    report = desk.bring({"a.csv": GOOD + row}, MAPPING)
    keys = advice.split(" or ")
    for language in ("en", "zh"):
        assert all(key in sentences(found(report, "unparsable"), language).todo for key in keys)

    mapping = MAPPING.replace(f'"{column}"', f'{{ column = "{column}", {keys[0]} }}')
    desk.bring({"b.csv": GOOD + row if column == "money" else f"{HEADER}\n{row}{row}"}, mapping)

    assert len(desk.columns("account_id")) == (5 if column == "money" else 2)


# Meaning


def test_columns_that_nobody_reads_are_named_where_they_differ(desk) -> None:
    rows = [f"{row},{currency},box" for row, currency in zip(ROWS, ["CNY", "USD", "人民币", "CNY"], strict=True)]

    report = desk.bring({"a.csv": "\n".join([f"{HEADER},币种,Unit", *rows])}, MAPPING)

    unread = [(f.column, f.count, f.rows) for f in report.findings if f.message == "unread_values"]
    assert unread == [("币种", 1, (3,))]


def test_what_the_mapping_does_not_expect_is_refused(desk) -> None:
    rows = [f"{row},{unit},{state}" for row, unit, state in zip(ROWS, "bbbc", ["ok", "ok", "void", "ok"], strict=True)]
    expect = 'expect = { unit = "one value", state = ["ok"], absent = "currency" }'

    report = desk.bring(
        {"a.csv": "\n".join([f"{HEADER},unit,state", *rows])},
        MAPPING.replace("[events.columns]", f"{expect}\n[events.columns]"),
    )

    refused = [(f.column, f.count, f.rows) for f in report.findings if f.level is FindingLevel.REFUSAL]
    assert refused == [("unit", 1, (5,)), ("state", 1, (4,))]


def test_amounts_are_converted_by_the_rates_of_the_mapping(desk) -> None:
    rows = [f"{row},{currency}" for row, currency in zip(ROWS, ["CNY", "USD", "CNY", "JPY"], strict=True)]
    content = "\n".join([f"{HEADER},ccy", *rows])
    rates = '{ column = "money", currency = "ccy", rates = { CNY = 1, USD = 7.5, JPY = 0.05 } }'

    desk.bring({"a.csv": content}, MAPPING.replace('"money"', rates))

    assert desk.columns("amount") == [(5.0,), (45.0,), (7.0,), (0.4,)]


def test_a_currency_without_a_rate_is_a_fault(desk) -> None:
    rates = '{ column = "money", currency = "ccy", rates = { CNY = 1 } }'

    report = desk.bring(
        {"a.csv": GOOD.replace("\n", ",CNY\n").replace("money,CNY", "money,ccy").replace("8,CNY", "8,USD")},
        MAPPING.replace('"money"', rates),
    )

    assert found(report, "unparsable").rows == (5,)
