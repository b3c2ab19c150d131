"""The labels of Online Retail give the figures of the data README's protocol."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from hand_made import made_context

from features.churn_definition import ChurnDefinition
from features.cutoffs import cutoff_grid
from features.labels import label_rows
from kqml.calendar.business_time import DAY_US, local_midnight
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from models.churn.splits import split_cutoffs

pytestmark = pytest.mark.needs_data

PROTOCOL = ChurnDefinition(horizon=60, gap=0, min_orders=2, active_within=180)


@pytest.fixture(scope="module")
def log(data_dir):
    lines = pd.read_parquet(data_dir / "online_retail" / "online_retail_2010_2011.parquet")
    lines = lines[lines["CustomerID"].notna() & ~lines["InvoiceNo"].astype(str).str.startswith("C")]
    lines = lines.assign(
        amount=lines["Quantity"] * lines["UnitPrice"], day=pd.to_datetime(lines["InvoiceDate"]).dt.normalize()
    )
    days = lines.groupby([lines["CustomerID"].astype(int).astype(str), "day"])["amount"].sum().reset_index()
    days = days[days["amount"] > 0].sort_values(["CustomerID", "day"])
    customers, counts = np.unique(days["CustomerID"].to_numpy(dtype=object), return_counts=True)
    occurred = days["day"].to_numpy("datetime64[us]").astype(np.int64)
    kind = np.full(len(days), EventKind.ORDER.number, dtype=np.uint8)
    return EventLog(customers, np.cumsum([0, *counts]), occurred, occurred, kind, {}, {})


def test_rows_rates_and_churned_customers_are_those_of_the_protocol(log):
    context = made_context(log)
    cutoffs = cutoff_grid(log, context, PROTOCOL, 14, local_midnight(date(2011, 3, 1), "UTC"))
    slices = split_cutoffs(cutoffs, cutoffs + 60 * DAY_US, 0.25)
    rows = label_rows(log, context, PROTOCOL, cutoffs)
    training, test = (rows.where(slices.rows_in(mask, rows.rows.cutoff)) for mask in (slices.training, slices.test))
    assert (len(cutoffs), int(slices.test.sum()), slices.short) == (16, 4, True)
    assert cutoffs[slices.test][0] == local_midnight(date(2011, 8, 16), "UTC")
    assert (len(training), round(float(training.churned.mean()), 3)) == (7_871, 0.358)
    assert (len(test), round(float(test.churned.mean()), 3)) == (7_405, 0.389)
    assert len(np.unique(test.rows.account[test.churned])) == 1_115
