"""The evaluation of a back-test: grade, metrics, groups, slices, departures, money, censored rows."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from typing_extensions import TypedDict

from features.churn_definition import ChurnDefinition
from kqml.calendar.business_time import DAY_US
from kqml.contract.fields import Count, NumberOrNaN
from models.churn.backtest import Backtest
from models.churn.comparison import MetricRow, compare_groups, measure_all, metric_columns, slice_rows
from models.churn.curves import CalibrationBin, CaughtCurve, calibration_bins, caught_curves
from models.churn.flagged_departures import CapturedMoney, FlaggedDepartures, captured_money, flagged_departures
from models.churn.grade import Grading, grade_procedure
from models.churn.metric_rows import CalibratedModel, CensoredMetrics, RankedModel, SliceMetrics
from models.churn.resampling import DRAWS, Resamples, draw_resamples, measure
from models.churn.scored_rows import OURS, REFERENCE, ScoredRows


class DepartureShares(TypedDict):
    """`models.churn.flagged_departures.FlaggedDepartures` with its shares."""

    departures: Count
    observable: Count
    flagged: Count
    flagged_within: Count
    share: NumberOrNaN
    share_within: NumberOrNaN


class MoneyShare(TypedDict):
    """The share of the money of churned rows that a model captures at rep capacity, with its interval."""

    share: NumberOrNaN
    low: NumberOrNaN
    high: NumberOrNaN


class CensoredRows(TypedDict):
    """How many rows were left out as censored; our metrics if they had churned, None without such rows."""

    rows: Count
    as_churned: CensoredMetrics | None


class EvaluationFields(TypedDict):
    """An evaluation without its curves."""

    grade: Grading
    models: list[RankedModel | CalibratedModel]
    slices: list[SliceMetrics]
    departures: DepartureShares
    money: Mapping[str, MoneyShare]
    censored: CensoredRows
    calibration: list[CalibrationBin]


@dataclass(frozen=True)
class ChurnEvaluation:
    """What one reading of a test block says. `models`: every model by group. `slices`: ours by quarter, tier, segment,
    region. `money`: by model, empty where no amounts exist. `censored`: how many rows were left out, and our
    metrics with them counted as churned (empty where there are none)."""

    grading: Grading
    models: Sequence[MetricRow]
    slices: Sequence[MetricRow]
    departures: FlaggedDepartures
    money: Mapping[str, CapturedMoney]
    censored_rows: int
    with_censored: MetricRow
    bins: Sequence[CalibrationBin]
    curves: Mapping[str, CaughtCurve]

    def overall(self, model: str = OURS) -> MetricRow:
        """Return a model's metrics on all test rows."""
        return next(row for row in self.models if row["model"] == model and row["group"] == "all")

    def as_json(self) -> EvaluationFields:
        """Everything but the curves."""
        departures = self.departures
        return EvaluationFields(
            grade=self.grading,
            models=cast("list[RankedModel | CalibratedModel]", self.models),
            slices=cast("list[SliceMetrics]", self.slices),
            departures=DepartureShares(
                departures=departures.departures,
                observable=departures.observable,
                flagged=departures.flagged,
                flagged_within=departures.flagged_within,
                share=departures.share,
                share_within=departures.share_within,
            ),
            money={
                name: MoneyShare(share=estimate.share, low=estimate.bounds.low, high=estimate.bounds.high)
                for name, estimate in self.money.items()
            },
            censored=CensoredRows(
                rows=self.censored_rows, as_churned=cast("CensoredMetrics | None", self.with_censored or None)
            ),
            calibration=list(self.bins),
        )


def evaluate(
    backtest: Backtest, definition: ChurnDefinition, time_zone: str, seed: int = 0, draws: int = DRAWS
) -> ChurnEvaluation:
    """Evaluate the test rows of a back-test, with intervals by resampling accounts."""
    scored = backtest.scored.uncensored()
    resamples = draw_resamples(scored.labels.rows.account, draws, seed)
    ours = scored.scores[OURS]
    reach = (definition.gap + definition.horizon) * DAY_US
    names = (OURS, REFERENCE, backtest.rule)
    return ChurnEvaluation(
        grading=_grading(scored, resamples, backtest.rule),
        models=compare_groups(scored, resamples),
        slices=slice_rows(scored, resamples, time_zone),
        departures=flagged_departures(scored.labels, ours, reach),
        money=_money(scored, resamples, names),
        censored_rows=int(backtest.scored.labels.censored.sum()),
        with_censored=_with_censored(backtest.scored, draws, seed),
        bins=calibration_bins(ours, scored.labels.churned, resamples),
        curves=caught_curves(scored.scores, scored.labels.churned, names),
    )


def _grading(scored: ScoredRows, resamples: Resamples, rule: str) -> Grading:
    measured = dict(measure_all(scored, resamples, [OURS, rule]))
    return grade_procedure(measured[OURS], measured[rule], rule, scored.churned_accounts())


def _money(scored: ScoredRows, resamples: Resamples, names: Sequence[str]) -> dict[str, CapturedMoney]:
    result = {name: captured_money(scored.labels, scored.scores[name], scored.money, resamples) for name in names}
    return {name: estimate for name, estimate in result.items() if estimate is not None}


def _with_censored(scored: ScoredRows, draws: int, seed: int) -> MetricRow:
    labels = scored.labels
    if not labels.censored.any():
        return {}
    resamples = draw_resamples(labels.rows.account, draws, seed)
    churned = np.asarray(labels.churned | labels.censored, dtype=np.bool_)
    return {
        "rows": len(labels),
        "churned": int(churned.sum()),
        **metric_columns(measure(scored.scores[OURS], churned, resamples, True)),
    }
