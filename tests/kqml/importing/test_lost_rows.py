"""Rows that an export has lost, hides, or holds besides its data."""

import pytest

from kqml.importing.findings import FindingLevel
from kqml.importing.report import UsabilityReport

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
