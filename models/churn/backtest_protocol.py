"""The protocol of a back-test: its cutoffs as JSON, its predictions for each test row."""

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from typing_extensions import TypedDict

from features.churn_definition import ChurnDefinition
from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count, Moment
from models.churn.backtest import Backtest
from models.churn.calibration import CalibrationKind
from models.churn.scored_rows import OURS


class BacktestProtocol(TypedDict):
    """The definition of churn, the cutoffs by their use, how the first fit came out."""

    horizon: Count
    gap: Count
    min_orders: Count
    active_within: Count
    cutoffs: Count
    training: Count
    fit: Count
    early_stop: Count
    calibrate: Count
    test: Count
    first: Moment
    last: Moment
    short: bool
    fits: Count
    training_rows: Count
    fit_seconds: dict[str, float]
    rounds: Count
    calibration: CalibrationKind


def protocol_json(backtest: Backtest, definition: ChurnDefinition, time_zone: str) -> BacktestProtocol:
    """Return the definition and the cutoffs of a back-test, with how its first fit came out."""
    slices = backtest.slices
    first, last = (moment_of(int(backtest.test[index]), time_zone).isoformat() for index in (0, -1))
    return BacktestProtocol(
        horizon=definition.horizon,
        gap=definition.gap,
        min_orders=definition.min_orders,
        active_within=definition.active_within,
        cutoffs=len(slices.cutoffs),
        training=int(slices.training.sum()),
        fit=int(slices.fit.sum()),
        early_stop=int(slices.early_stop.sum()),
        calibrate=int(slices.calibrate.sum()),
        test=len(backtest.test),
        first=first,
        last=last,
        short=slices.short,
        fits=backtest.fits,
        training_rows=backtest.training_rows,
        fit_seconds=dict(backtest.fit_seconds),
        rounds=backtest.fitted.rounds,
        calibration=backtest.fitted.calibration.as_json()["kind"],
    )


def predictions_table(backtest: Backtest, accounts: NDArray[np.object_]) -> pa.Table:
    """`account_id, cutoff, churned, churn_probability` of every uncensored test row, sorted by account and cutoff."""
    scored = backtest.scored.uncensored()
    rows = scored.labels.rows
    return pa.table(
        {
            "account_id": pa.array(accounts[rows.account].tolist(), pa.string()),
            "cutoff": pa.array(rows.cutoff, pa.timestamp("us", tz="UTC")),
            "churned": pa.array(scored.labels.churned),
            "churn_probability": pa.array(scored.scores[OURS]),
        }
    )
