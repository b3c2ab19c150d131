"""The ledger of test-set usage."""

from datetime import UTC, datetime

import numpy as np
import pytest

from features.churn_definition import ChurnDefinition
from kqml.calendar.business_time import DAY_US
from kqml.errors import CouldNot
from models.churn.test_set_usage import LEDGER, read_usage, record_usage, usage_of_test_set

AT = datetime(2024, 3, 1, tzinfo=UTC)


def usage(first, last, dataset="d1", gap=0):
    cutoffs = np.array([first, last], dtype=np.int64) * DAY_US
    return usage_of_test_set(dataset, ChurnDefinition(gap=gap), cutoffs, "backtest", AT)


def test_each_look_at_overlapping_weeks_counts(tmp_path):
    uses = [
        usage(100, 200),
        usage(150, 250),
        usage(300, 400),
        usage(100, 200, dataset="d2"),
        usage(200, 210, gap=28),
    ]
    assert [record_usage(tmp_path, use) for use in uses] == [1, 2, 1, 1, 3]


def test_the_ledger_says_what_when_by_what(tmp_path):
    record_usage(tmp_path / "new", usage(0, 31))
    (told,) = read_usage(tmp_path / "new" / LEDGER)
    assert (told.first, told.last) == ("1970-01-01T00:00:00+00:00", "1970-02-01T00:00:00+00:00")
    assert (told.command, told.at, told.definition["gap"]) == ("backtest", "2024-03-01T00:00:00+00:00", 0)


def test_a_broken_ledger_is_not_overwritten(tmp_path):
    (tmp_path / LEDGER).write_text("{half a line")
    with pytest.raises(CouldNot, match=LEDGER):
        record_usage(tmp_path, usage(0, 1))
    assert (tmp_path / LEDGER).read_text() == "{half a line"
