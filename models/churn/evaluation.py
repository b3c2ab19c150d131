"""The evaluation of a back-test: grade, metrics, groups, slices, departures, money, censored rows."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from features.churn_definition import ChurnDefinition
from kqml.calendar.business_time import DAY_US
from models.churn.backtest import Backtest
from models.churn.comparison import MetricRow, compare_groups, measure_all, metric_columns, slice_rows
from models.churn.curves import CalibrationBin, CaughtCurve, calibration_bins, caught_curves
from models.churn.flagged_departures import CapturedMoney, FlaggedDepartures, captured_money, flagged_departures
from models.churn.grade import Grading, grade_procedure
from models.churn.resampling import DRAWS, Resamples, draw_resamples, measure
from models.churn.scored_rows import OURS, REFERENCE, ScoredRows


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

    def as_json(self) -> dict[str, Any]:
        """Everything but the curves."""
        flagged = {**asdict(self.departures), "share": self.departures.share}
        return {
            "grade": {**asdict(self.grading), "grade": self.grading.grade.value},
            "models": list(self.models),
            "slices": list(self.slices),
            "departures": {**flagged, "share_within": self.departures.share_within},
            "money": {
                name: {"share": one.share, "low": one.bounds.low, "high": one.bounds.high}
                for name, one in self.money.items()
            },
            "censored": {"rows": self.censored_rows, "as_churned": self.with_censored or None},
            "calibration": [asdict(one) for one in self.bins],
        }


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
    return {name: one for name, one in result.items() if one is not None}


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
