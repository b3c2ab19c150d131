"""The loss report as a file: one row per lost account, or per account at risk."""

from pathlib import Path

import numpy as np
import pyarrow as pa

from kqml.dataset.table_files import write_table
from models.value.loss.lost import Mask
from models.value.loss.report import WAYS, AccountLabels, LossReport
from models.value.loss.revenue import Floats, Texts

INSTANT = pa.timestamp("us", tz="UTC")


def write_losses(path: Path, report: LossReport, accounts: Texts) -> int:
    """Write the file whole or not at all, an existing one is replaced; `accounts`: the log's ids.

    Returns how many rows. `what` is `lost` or `expected`; money is per year. Raises CouldNot where the disk refuses.
    """
    parts = [_lost(report, accounts), *([] if report.at_stake is None else [_expected(report, accounts)])]
    return write_table(path, pa.concat_tables(parts))


def _lost(report: LossReport, accounts: Texts) -> pa.Table:
    customers, mask = report.customers, report.customers.lost
    columns = {
        **_columns("lost", report.filed, mask, accounts),
        "lost_at": pa.array(customers.lost_at[mask], INSTANT),
        "last_order": pa.array(customers.last_order[mask], INSTANT),
        "returned": pa.array(customers.returned[mask]),
        "churn_probability": pa.nulls(int(mask.sum()), pa.float64()),
    }
    return pa.table(columns)


def _expected(report: LossReport, accounts: Texts) -> pa.Table:
    assert report.at_stake is not None
    assessment, filed = report.at_stake.assessment, report.at_stake.filed
    count = len(assessment.rows)
    columns = {
        **_columns("expected", filed, np.ones(count, dtype=np.bool_), accounts),
        "lost_at": pa.nulls(count, INSTANT),
        "last_order": pa.nulls(count, INSTANT),
        "returned": pa.nulls(count, pa.bool_()),
        "churn_probability": pa.array(assessment.probability),
    }
    return pa.table(columns)


def _columns(
    what: str,
    filed: AccountLabels,
    mask: Mask,
    accounts: Texts,
) -> dict[str, pa.Array]:
    indices = filed.rows.account[mask]
    return {
        "account_id": pa.array(accounts[indices], pa.string()),
        "what": pa.array([what] * len(indices), pa.string()),
        **{way: pa.array(filed.groups[way][mask], pa.string()) for way in WAYS},
        "revenue": _money(filed.worth.revenue[mask]),
        "margin": _money(filed.worth.margin[mask]),
    }


def _money(amounts: Floats) -> pa.Array:
    return pa.array(amounts, mask=np.isnan(amounts))
