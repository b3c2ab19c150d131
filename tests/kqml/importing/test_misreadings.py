"""Values that would be read without a fault and mean another value."""

from datetime import date, datetime, timedelta

import openpyxl
import pytest

from kqml.errors import BadUse
from kqml.importing.findings import FindingLevel
from kqml.importing.report import UsabilityReport
from kqml.importing.wording import sentences

MAPPING = """
time_zone = "Asia/Shanghai"
[[events]]
[events.columns]
account_id = "shop"
occurred_at = {at}
kind = {{ constant = "order" }}
amount = {amount}
"""
DAY_FIRST = '{ column = "day", format = "%d/%m/%Y" }'
DAYS = [date(2024, 1, 1) + timedelta(days=3 * index) for index in range(40)]


def mapping(at: str = '"day"', amount: str = '"money"') -> str:
    return MAPPING.format(at=at, amount=amount)


def findings(report: UsabilityReport, message: str):
    return [finding for finding in report.findings if finding.message == message]


def table(*money: str) -> str:
    rows = [f'A,{day},"{text}"' for day, text in zip(DAYS, money, strict=False)]
    return "\n".join(["shop,day,money", *rows]) + "\n"


def take_dates(desk, cells: list[object]) -> UsabilityReport:
    book = openpyxl.Workbook()
    book.active.append(["shop", "day", "money"])
    for cell in cells:
        book.active.append(["A", cell, 5])
    book.save(desk.folder / "a.xlsx")
    return desk.take([desk.folder / "a.xlsx"], mapping(DAY_FIRST))


def opened_in_another_country(day: date) -> object:
    """What a spreadsheet of the United States makes of a date with the day first."""
    return datetime(day.year, day.day, day.month) if day.day <= 12 else day.strftime("%d/%m/%Y")


def test_dates_whose_day_and_month_a_spreadsheet_exchanged_are_refused(desk) -> None:
    report = take_dates(desk, [opened_in_another_country(day) for day in DAYS])

    (finding,) = findings(report, "exchanged_days")
    assert (finding.level, finding.count) == (FindingLevel.REFUSAL, sum(day.day <= 12 for day in DAYS))
    assert not report.usable
    assert "日和月" in sentences(finding, "zh").costs


@pytest.mark.parametrize(
    "cells",
    [
        [datetime(day.year, day.month, day.day) for day in DAYS],
        [day.strftime("%d/%m/%Y") for day in DAYS],
        [day.strftime("%d/%m/%Y") if day.month == 1 else datetime(day.year, day.month, day.day) for day in DAYS],
        [*(datetime(2023, month, 1) for month in range(1, 13)), *(["13/05/2024"] * 9)],
    ],
    ids=["cells", "texts", "typed texts among cells", "firsts of months"],
)
def test_other_dates_are_read(desk, cells: list[object]) -> None:
    assert findings(take_dates(desk, cells), "exchanged_days") == []


def test_formats_that_exchange_day_and_month_are_not_combined() -> None:
    from kqml.importing.mapping_file import parse_mapping

    both = '{ column = "day", format = ["%d/%m/%Y", "%m/%d/%Y"] }'
    with pytest.raises(BadUse, match="exchange day and month"):
        parse_mapping(mapping(both), "mapping.toml")


def test_no_format_is_advised_where_some_dates_begin_with_the_day_and_some_with_the_month(desk) -> None:
    rows = [f"A,{text},5" for text in ("13/01/2024", "01/14/2024", "15/01/2024")]
    report = desk.bring({"a.csv": "\n".join(["shop,day,money", *rows]) + "\n"}, mapping())

    (finding,) = findings(report, "unparsable")
    assert "fit only with the day first" in sentences(finding, "en").todo


@pytest.mark.parametrize(
    ("money", "warned"),
    [
        ([f"{index}.{index:03d}" for index in range(1, 31)], 30),
        ([*(f"1.{index:03d}" for index in range(25)), "950", "7"], 25),
        ([f"0.{index:03d}" for index in range(1, 31)], None),
        ([*(f"1.{index:03d}" for index in range(25)), "12.5"], None),
        ([f"1.{index:03d}" for index in range(1, 11)], None),
        ([str(1000 + index) for index in range(30)], None),
    ],
    ids=["thousands", "with small ones", "below one", "other decimals", "few", "no points"],
)
def test_points_that_may_separate_thousands_are_named(desk, money: list[str], warned: int | None) -> None:
    found = findings(desk.bring({"a.csv": table(*money)}, mapping()), "grouped_by_point")

    assert [(finding.level, finding.count) for finding in found] == ([(FindingLevel.WARNING, warned)] if warned else [])


def test_points_are_not_named_where_the_mapping_says_what_they_are(desk) -> None:
    separated = '{ column = "money", decimal = ",", thousands = "." }'
    report = desk.bring({"a.csv": table(*(f"1.{index:03d}" for index in range(30)))}, mapping(amount=separated))

    assert findings(report, "grouped_by_point") == []
    assert desk.columns("amount")[0] == (1000.0,)


def test_units_multiply_what_stands_before_them(desk) -> None:
    units = '{ column = "money", strip = ["元"], thousands = ",", units = { "万" = 10000, "K" = 1000, "%" = 0.01 } }'
    desk.bring({"a.csv": table("1.5万", "1,200万元", "12K", "50%", "7", "-2万")}, mapping(amount=units))

    amounts = [amount for (amount,) in desk.columns("amount")]
    assert amounts == [15000.0, 12000000.0, 12000.0, 0.5, 7.0, 20000.0]


@pytest.mark.parametrize("mark", ["万", "万元", "K", "%", "Mio."])
def test_a_unit_that_multiplies_cannot_be_stripped(mark: str) -> None:
    from kqml.importing.mapping_file import parse_mapping

    with pytest.raises(BadUse, match="use units"):
        parse_mapping(mapping(amount=f'{{ column = "money", strip = ["{mark}"] }}'), "mapping.toml")


@pytest.mark.parametrize(
    ("money", "advised"),
    [
        (["1.5万", "2万"], 'units = { "万" = 10000 }'),
        (["￥1.5万", "￥2万"], 'strip = ["￥"], units = { "万" = 10000 }'),
        (["12.5K", "3K"], 'units = { "K" = 1000 }'),
        (["1,50,000.00", "12,34,567.50"], 'thousands = ","'),
    ],
)
def test_the_advice_reads_the_numbers_as_they_are_meant(desk, money: list[str], advised: str) -> None:
    (finding,) = findings(desk.bring({"a.csv": table(*money)}, mapping()), "unparsable")
    assert advised in sentences(finding, "en").todo

    desk.bring({"b.csv": table(*money)}, mapping(amount=f'{{ column = "money", {advised} }}'))
    (first,), *_ = desk.columns("amount")
    assert first == {"1.5万": 15000.0, "￥1.5万": 15000.0, "12.5K": 12500.0, "1,50,000.00": 150000.0}[money[0]]


@pytest.mark.parametrize("text", ["1,50,00", "12,50", "1,5,000"])
def test_other_groups_are_faults(desk, text: str) -> None:
    report = desk.bring({"a.csv": table(text, "1,000")}, mapping(amount='{ column = "money", thousands = "," }'))

    assert findings(report, "unparsable")[0].count == 1


def clocks(*texts: str) -> str:
    return "\n".join(["shop,day,money", *(f"A,{text},5" for text in texts)]) + "\n"


@pytest.mark.parametrize(
    ("text", "form", "local"),
    [
        ("2024/1/5 下午 3:05:00", "%Y/%m/%d %p %I:%M:%S", "2024-01-05 15:05:00"),
        ("2024/1/5 上午12:05", "%Y/%m/%d %p %I:%M", "2024-01-05 00:05:00"),
        ("2024/1/5 3:05 下午", "%Y/%m/%d %I:%M %p", "2024-01-05 15:05:00"),
        ("2024年1月5日 下午 12:00", "%Y年%m月%d日 %p %I:%M", "2024-01-05 12:00:00"),
        ("2024/01/31 24:00", "%Y/%m/%d %H:%M", "2024-02-01 00:00:00"),
        ("2022/12/31 24:00:00", "%Y/%m/%d %H:%M:%S", "2023-01-01 00:00:00"),
    ],
)
def test_clock_times_are_read_as_spreadsheets_in_china_write_them(desk, text: str, form: str, local: str) -> None:
    report = desk.bring({"a.csv": clocks(text)}, mapping())
    assert f'format = "{form}"' in sentences(findings(report, "unparsable")[0], "en").todo

    written = mapping(f'{{ column = "day", format = "{form}" }}').replace("Asia/Shanghai", "UTC")
    desk.bring({"b.csv": clocks(text, text)}, written)
    assert {str(moment)[:19] for (moment,) in desk.columns("occurred_at")} == {local}


def test_iso_times_may_end_a_day_with_24_00(desk) -> None:
    report = desk.bring(
        {"a.csv": clocks("2024-01-31 24:00", "2024-02-05 09:00")}, mapping().replace("Asia/Shanghai", "UTC")
    )
    assert report.usable
    assert [str(moment)[:19] for (moment,) in desk.columns("occurred_at")] == [
        "2024-02-01 00:00:00",
        "2024-02-05 09:00:00",
    ]


def test_no_other_time_has_the_hour_24(desk) -> None:
    assert findings(desk.bring({"b.csv": clocks("2024-01-31 24:30", "2024-02-05 09:00")}, mapping()), "unparsable")


@pytest.mark.parametrize(
    ("hour", "count", "warned"), [(1, 120, True), (9, 120, False), (1, 60, False), (0, 120, False)]
)
def test_orders_at_night_look_like_another_time_zone(desk, hour: int, count: int, warned: bool) -> None:
    start = datetime(2024, 1, 1, hour)
    texts = [(start + timedelta(days=index)).isoformat(" ") for index in range(count)]

    found = findings(desk.bring({"a.csv": clocks(*texts)}, mapping()), "night_orders")

    assert [(finding.level, finding.count) for finding in found] == ([(FindingLevel.WARNING, count)] if warned else [])
