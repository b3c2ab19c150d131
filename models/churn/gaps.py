"""Back-test under other gaps: the same rows and features with other labels."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from features.context import Context
from features.labels import LabelledRows, label_rows
from features.rows import Rows
from features.training_set import TrainingSet
from kqml.history.event_log import EventLog
from models.churn.backtest import Backtest, BacktestPlan
from models.churn.boosting import train_booster
from models.churn.churn_model import predict_log_odds
from models.churn.comparison import MetricRow, group_masks, measure_all, metric_columns
from models.churn.examples import Examples, training_examples
from models.churn.resampling import Resamples, draw_resamples
from models.churn.scored_rows import OURS, ScoredRows

GAPS = (0, 30, 60)
"""Gaps that every back-test reports beside its own (design §6)."""


@dataclass(frozen=True)
class GapLabels:
    """The source of labels: the log, its context, the days within which orders get recorded."""

    log: EventLog
    context: Context
    label_lag_days: float


def gap_rows(
    training_set: TrainingSet, histories: GapLabels, backtest: Backtest, plan: BacktestPlan, gaps: Sequence[int]
) -> list[MetricRow]:
    """Return ranking metrics per gap and group on the test cutoffs: one refit per gap, with the rounds of the main fit.

    Training cutoffs are those mature at the first test cutoff under that gap; test cutoffs without mature labels
    under it are left out. Scores of the refits are not calibrated, hence no metrics of level.
    """
    rows = []
    for gap in gaps:
        scored = _refit_scores(relabelled(training_set, histories, gap), backtest, plan)
        if scored is None:
            continue
        draws = draw_resamples(scored.labels.rows.account, seed=plan.seed)
        rows += [{"gap": gap, **row} for row in _by_group(scored, draws)]
    return rows


def relabelled(training_set: TrainingSet, histories: GapLabels, gap: int) -> TrainingSet:
    """Return the rows of a training set that have mature labels under another gap, with those labels."""
    definition = replace(training_set.definition, gap=gap)
    labels = label_rows(histories.log, histories.context, definition, training_set.cutoffs, histories.label_lag_days)
    indices, known = _indices(training_set.labels.rows, labels.rows)
    return replace(
        training_set,
        labels=labels.where(known),
        values=training_set.values[indices],
        profile=training_set.profile.iloc[indices],
        definition=definition,
    )


def _indices(have: Rows, wanted: Rows) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the indices in `have` of the wanted rows that it has, and a mask of these among the wanted ones."""
    cutoffs = np.unique(np.concatenate([have.cutoff, wanted.cutoff]))

    def keys(rows: Rows) -> NDArray[np.int64]:
        return rows.account.astype(np.int64) * len(cutoffs) + np.searchsorted(cutoffs, rows.cutoff)

    stored, sought = keys(have), keys(wanted)
    indices = np.minimum(np.searchsorted(stored, sought), len(stored) - 1)
    known = stored[indices] == sought
    return indices[known], known


def _refit_scores(relabelled_set: TrainingSet, backtest: Backtest, plan: BacktestPlan) -> ScoredRows | None:
    examples = training_examples(relabelled_set)
    training = examples.where(examples.matures_at <= backtest.test[0])
    test = examples.where(np.isin(examples.cutoff, backtest.test))
    if not len(test) or not 0 < training.churned.sum() < len(training):
        return None
    # The rounds of the main fit: an early stop for each gap would cost a slice of cutoffs that long gaps lack.
    booster = train_booster(training, plan.parameters, backtest.fitted.rounds, plan.seed)
    scores = {OURS: predict_log_odds(booster, test.values)}
    labels = _labels_of(relabelled_set.labels, test)
    return ScoredRows(labels, scores, np.full(len(test), np.nan), relabelled_set.profile.iloc[test.index])


def _labels_of(labels: LabelledRows, test: Examples) -> LabelledRows:
    mask = np.zeros(len(labels), dtype=np.bool_)
    mask[test.index] = True
    return labels.where(mask)


def _by_group(scored: ScoredRows, draws: Resamples) -> list[MetricRow]:
    rows = []
    for group, mask in group_masks(scored).items():
        group_scored = scored.where(mask)
        ours = dict(measure_all(group_scored, draws.where(mask), [OURS], probabilities=False))[OURS]
        churned = group_scored.labels.churned
        rows.append({"group": group, "rows": len(churned), "churned": int(churned.sum()), **metric_columns(ours)})
    return rows
