"""Exports without the accounts that stopped."""

from datetime import date, timedelta

import pytest

from kqml.importing.findings import FindingLevel
from kqml.importing.wording import sentences

END = date(2024, 5, 20)


def orders(active: int, stopped: int, days: int = 700, every: int = 10) -> str:
    """A history of so many days; the accounts that stopped did so half-way."""
    rows = []
    for account in range(active + stopped):
        length = days if account < active else days // 2
        first = END - timedelta(days=days - account % every)
        rows += [f"K{account:03d},{first + timedelta(days=day)},5" for day in range(0, length, every)]
    return "\n".join(["shop,day,money", *rows]) + "\n"


@pytest.mark.parametrize(
    ("active", "stopped", "days", "warned"),
    [(60, 0, 700, True), (200, 1, 700, True), (57, 3, 700, False), (40, 0, 700, False), (60, 0, 300, False)],
    ids=["none stopped", "one of many", "one in twenty", "few accounts", "a short history"],
)
def test_a_history_in_which_hardly_any_account_stops_is_named(
    desk, active: int, stopped: int, days: int, warned: bool
) -> None:
    report = desk.bring({"a.csv": orders(active, stopped, days)})

    found = [finding for finding in report.findings if finding.message == "survivors_only"]
    assert [(finding.level, finding.count) for finding in found] == (
        [(FindingLevel.WARNING, stopped)] if warned else []
    )
    if warned:
        assert f"{active + stopped} accounts" in sentences(found[0], "en").what
