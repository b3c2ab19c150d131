"""Rows that an export has lost, hides, repeats or spoils without a fault in any of them."""

import gzip
from datetime import datetime
from pathlib import Path

import openpyxl
import pytest

from kqml.errors import Refused
from kqml.importing.findings import FindingLevel
from kqml.importing.report import UsabilityReport
from kqml.importing.wording import sentences

HEADER = "shop,day,money\n"


def found(report: UsabilityReport, message: str):
    return [finding for finding in report.findings if finding.message == message]


def orders(count: int) -> str:
    return "".join(
        f"K{index % 40},2023-{1 + index % 12:02d}-{1 + index % 28:02d},{index + 1}\n" for index in range(count)
    )


@pytest.mark.parametrize(
    ("rows", "warned"), [(1000, True), (50_000, True), (65_535, True), (65_536, True), (999, False), (1001, False)]
)
def test_a_source_that_ends_at_a_limit_of_exports_is_named(desk, rows: int, warned: bool) -> None:
    limits = found(desk.bring({"a.csv": HEADER + orders(rows)}), "row_limit")

    assert [(finding.level, finding.count) for finding in limits] == ([(FindingLevel.WARNING, rows)] if warned else [])


def test_headers_between_the_rows_of_joined_files_are_left_out(desk) -> None:
    report = desk.bring({"a.csv": HEADER + orders(3) + HEADER + orders(2)})

    (finding,) = found(report, "header_rows")
    assert (finding.level, finding.count, finding.rows) == (FindingLevel.LEFT_OUT, 1, (5,))
    assert len(desk.events()) == 5


def test_a_header_is_not_filled_downwards(desk) -> None:
    mapping = """
time_zone = "UTC"
[[events]]
[events.columns]
account_id = { column = "shop", fill = "down" }
occurred_at = "day"
kind = { constant = "order" }
"""
    desk.bring({"a.csv": "shop,day\nA,2024-01-01\nshop,day\n,2024-01-02\n"}, mapping)

    assert desk.columns("account_id") == [("A",), ("A",)]


SHEET = """
time_zone = "UTC"
[[events]]
{keys}
[events.columns]
account_id = "shop"
occurred_at = "day"
kind = {{ constant = "order" }}
amount = "money"
"""


def book_with_hidden_rows(path: Path) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["shop", "day", "money"])
    for index in range(6):
        sheet.append(["AB"[index % 2], datetime(2024, 1, 1 + index), index + 1])
    for number in (3, 5):
        sheet.row_dimensions[number].hidden = True
    book.save(path)
    return path


def test_hidden_rows_are_read_and_named(desk) -> None:
    report = desk.take([book_with_hidden_rows(desk.folder / "a.xlsx")], SHEET.format(keys=""))

    (finding,) = found(report, "hidden_rows")
    assert (finding.level, finding.count, finding.rows) == (FindingLevel.WARNING, 2, (3, 5))
    assert len(desk.events()) == 6


def test_hidden_rows_are_left_out_where_the_mapping_says_so(desk) -> None:
    path = book_with_hidden_rows(desk.folder / "a.xlsx")
    report = desk.take([path], SHEET.format(keys='hidden_rows = "skip"'))

    (finding,) = found(report, "hidden_skipped")
    assert (finding.level, finding.count) == (FindingLevel.LEFT_OUT, 2)
    assert [amount for (amount,) in desk.columns("amount")] == [1.0, 3.0, 5.0, 6.0]


def test_a_hidden_header_or_an_attribute_of_another_name_hides_nothing(desk) -> None:
    path = book_with_hidden_rows(desk.folder / "a.xlsx")
    book = openpyxl.load_workbook(path)
    for number in (3, 5):
        book.active.row_dimensions[number].hidden = False
    book.active.row_dimensions[1].hidden = True
    book.active.column_dimensions["B"].hidden = True
    book.save(path)

    assert found(desk.take([path], SHEET.format(keys="")), "hidden_rows") == []


NOTED = "shop,day,money,note\n"
LINES = [f"K{index % 4},2024-01-{index + 1:02d},{index + 1},ok\n" for index in range(20)]


def with_quotes(opening: int, closing: int) -> str:
    lines = list(LINES)
    lines[opening] = lines[opening].replace("ok", '"urgent')
    lines[closing] = lines[closing].replace("ok", 'late"')
    return NOTED + "".join(lines)


@pytest.mark.parametrize(("opening", "closing"), [(4, 5), (4, 9), (0, 19)])
def test_rows_inside_a_field_refuse_the_file(desk, opening: int, closing: int) -> None:
    report = desk.bring({"a.csv": with_quotes(opening, closing)})

    (finding,) = found(report, "swallowed_rows")
    assert (finding.level, finding.count) == (FindingLevel.REFUSAL, closing - opening)
    assert finding.rows == (opening + 2,)


def test_rows_inside_a_field_are_found_in_packed_files_and_in_files_of_uneven_lines(desk) -> None:
    content = with_quotes(4, 9)
    uneven = content.replace("1,ok\n", "1\n", 1)

    assert found(desk.bring({"a.csv.gz": gzip.compress(content.encode())}), "swallowed_rows")[0].count == 5
    assert found(desk.bring({"b.csv": uneven}), "swallowed_rows")[0].count == 5


@pytest.mark.parametrize(
    "note", ["call first\nthen, if open, deliver", "a, b, c, d\ne, f, g, h", "12 Main St\nTown, Country\n"]
)
def test_text_of_several_lines_is_no_row(desk, note: str) -> None:
    content = NOTED + "".join(LINES).replace("ok", f'"{note}"', 5)

    assert found(desk.bring({"a.csv": content}), "swallowed_rows") == []
    assert len(desk.events()) == 20


def test_quotes_that_are_ordinary_characters_are_read_so(desk) -> None:
    report = desk.bring({"a.csv": with_quotes(4, 9)}, SHEET.format(keys='quote = ""'))

    assert found(report, "swallowed_rows") == []
    assert len(desk.events()) == 20


NAMES = ("张记商店", "李家超市", "王府便利", "东门小卖")
CHINESE = [f"{NAMES[index % 4]},2024-01-{index + 1:02d},{index + 1}\n" for index in range(20)]


@pytest.mark.parametrize("later", ["gbk", "big5"])
def test_a_file_of_two_encodings_is_read_in_neither(desk, later: str) -> None:
    lines = [line.encode("utf-8" if index < 15 else later, "replace") for index, line in enumerate(CHINESE)]
    content = HEADER.encode() + b"".join(lines)

    with pytest.raises(Refused, match="lines are in several encodings, UTF-8 among them"):
        desk.bring({"a.csv": content})
    with pytest.raises(Refused, match=r"is not gb18030: \d\d% of the lines"):
        desk.bring({"a.csv": content}, SHEET.format(keys='encoding = "gb18030"'))


def test_a_file_in_utf_8_is_not_read_as_another_encoding(desk) -> None:
    chinese = (HEADER + "".join(CHINESE)).encode()
    french = (HEADER + "".join(CHINESE).replace("张记商店", "Café Été")).encode()

    with pytest.raises(Refused, match="remove `encoding` from the mapping"):
        desk.bring({"a.csv": chinese}, SHEET.format(keys='encoding = "gb18030"'))
    with pytest.raises(Refused, match="remove `encoding` from the mapping"):
        desk.bring({"a.csv": french}, SHEET.format(keys='encoding = "cp1252"'))


@pytest.mark.parametrize("name", ["张记商店", "瓶", "联通"])
def test_texts_that_are_utf_8_by_chance_are_read_in_their_encoding(desk, name: str) -> None:
    content = HEADER + "".join(f"{name},2024-01-{index + 1:02d},{index + 1}\n" for index in range(20))

    desk.bring({"a.csv": content.encode("gb18030")}, SHEET.format(keys='encoding = "gb18030"'))

    assert set(desk.columns("account_id")) == {(name,)}


def test_a_few_zero_bytes_are_not_taken_for_another_encoding(desk) -> None:
    with pytest.raises(Refused, match="holds bytes that are 0 – delete these bytes"):
        desk.bring({"a.csv": HEADER + "".join(LINES).replace("K1", "K\0")})


def order_lines(amount_of, orders: int = 30) -> str:
    rows = [
        f"K{order % 4},2024-01-{1 + order % 28:02d} {10 + order // 28}:00:00,{amount_of(order, line)},S{line}\n"
        for order in range(orders)
        for line in range(3)
    ]
    return "shop,day,money,sku\n" + "".join(rows)


@pytest.mark.parametrize("keys", ["", '[events.aggregate]\nper = "day"\nlines = "sku"'])
def test_the_total_of_an_order_on_each_of_its_lines_is_named(desk, keys: str) -> None:
    mapping = SHEET.format(keys="") + keys
    report = desk.bring({"a.csv": order_lines(lambda order, line: 100 + order)}, mapping)

    (finding,) = found(report, "repeated_totals")
    assert (finding.level, finding.count) == (FindingLevel.WARNING, 60)
    assert "30" in sentences(finding, "zh").what


@pytest.mark.parametrize(
    ("amount_of", "orders"),
    [(lambda order, line: 100 * order + line, 30), (lambda order, line: 12, 30), (lambda order, line: 100 + order, 10)],
    ids=["amounts of lines", "one price", "few orders"],
)
def test_other_amounts_of_lines_are_not(desk, amount_of, orders: int) -> None:
    report = desk.bring({"a.csv": order_lines(amount_of, orders)}, SHEET.format(keys=""))

    assert found(report, "repeated_totals") == []


@pytest.mark.parametrize(
    ("name", "values", "shown"),
    [
        ("Financial Status", ("paid", "voided"), "paid (10)"),
        ("IsDeleted", ("false", "true"), "false (10)"),
        ("Cancelled at", ("", "2024-01-0{}"), "####-##-## (10)"),
        ("作废状态", ("正常", "作废"), "作废 (10)"),
        ("是否关闭", ("否", "是"), "是 (10)"),
        ("结算币别", ("人民币", "美元"), "美元 (10)"),
        ("销售单位", ("箱", "瓶"), "瓶 (10)"),
        ("Order Currency", ("CNY", "USD"), "USD (10)"),
    ],
)
def test_columns_that_change_the_meaning_of_a_row_are_known_by_many_names(desk, name: str, values, shown: str) -> None:
    rows = [line.replace("ok", values[index % 2].format(index % 9)) for index, line in enumerate(LINES)]
    report = desk.bring({"a.csv": NOTED.replace("note", name) + "".join(rows)})

    (finding,) = found(report, "unread_values")
    assert (finding.level, finding.column) == (FindingLevel.WARNING, name)
    assert shown in finding.values


@pytest.mark.parametrize("name", ["往来单位", "State", "Unit Price", "Note"])
def test_columns_with_other_meanings_are_not(desk, name: str) -> None:
    rows = [line.replace("ok", f"x{index}") for index, line in enumerate(LINES)]

    assert found(desk.bring({"a.csv": NOTED.replace("note", name) + "".join(rows)}), "unread_values") == []
