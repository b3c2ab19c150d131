"""The labels of the Iowa stores give the figures of the data README's protocol."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hand_made import made_context

from features.churn_definition import ChurnDefinition
from features.cutoffs import cutoff_grid
from features.labels import departures, label_rows
from kqml.calendar.business_time import DAY_US, local_midnight
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from models.churn.splits import split_cutoffs

pytestmark = pytest.mark.needs_data

PROTOCOL = ChurnDefinition(horizon=90, gap=0, min_orders=4, active_within=90)


@pytest.fixture(scope="module")
def log(data_dir):
    days = pd.read_parquet(data_dir / "iowa" / "store_day.parquet", columns=["store", "date", "dollars"])
    days = days[days["dollars"] > 0].sort_values(["store", "date"])
    stores, counts = np.unique(days["store"].to_numpy(), return_counts=True)
    occurred = days["date"].to_numpy("datetime64[us]").astype(np.int64)
    kind = np.full(len(days), EventKind.ORDER.number, dtype=np.uint8)
    return EventLog(stores.astype(str).astype(object), np.cumsum([0, *counts]), occurred, occurred, kind, {}, {})


@pytest.fixture(scope="module")
def cutoffs(log):
    return cutoff_grid(log, made_context(log), PROTOCOL, 30, local_midnight(date(2013, 2, 4), "UTC"))


@pytest.fixture(scope="module")
def rows(log, cutoffs):
    return label_rows(log, made_context(log), PROTOCOL, cutoffs)


def test_all_rows_of_the_protocol_are_there(rows, cutoffs):
    assert len(cutoffs) == 116
    assert len(rows) == 169_223
    assert round(float(rows.churned.mean()), 4) == 0.0171
    assert not rows.censored.any() and rows.immature == 0


def test_the_test_block_holds_836_churned_rows_that_are_372_departures_of_307_stores(rows, cutoffs):
    slices = split_cutoffs(cutoffs, cutoffs + 90 * DAY_US, 0.25)
    test = slices.rows_in(slices.test, rows.rows.cutoff)
    assert (int(test.sum()), int(rows.churned[test].sum())) == (51_659, 836)
    assert round(float(rows.churned[test].mean()), 4) == 0.0162
    assert departures(rows, test) == (372, 307)


def test_training_cutoffs_end_90_days_before_the_first_test_cutoff(cutoffs):
    slices = split_cutoffs(cutoffs, cutoffs + 90 * DAY_US, 0.25)
    assert (cutoffs[slices.test][0] - cutoffs[slices.training][-1]) == 90 * DAY_US


def test_60_percent_of_the_churned_test_rows_are_silent_for_more_than_28_days(rows, cutoffs):
    test = rows.where((rows.rows.cutoff >= cutoffs[-29]) & rows.churned)
    silent = test.rows.cutoff - test.last_order > 28 * DAY_US
    assert round(float(silent.mean()), 2) == 0.60
