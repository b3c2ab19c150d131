"""The same rows asked with other gaps: same features, other answers."""

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
    """What answers are read from: the log, its context, the days within which orders get recorded."""

    log: EventLog
    context: Context
    label_lag_days: float


def gap_rows(
    training_set: TrainingSet, histories: GapLabels, backtest: Backtest, plan: BacktestPlan, gaps: Sequence[int]
) -> list[MetricRow]:
    """Our order metrics per gap and group on the test cutoffs: one refit per gap, with the rounds already found.

    Training cutoffs are those mature at the first test cutoff under that gap; test cutoffs without mature labels
    under it are left out. Scores of the refits are not calibrated, hence no metrics of level.
    """
    rows = []
    for gap in gaps:
        request = relabelled(training_set, histories, gap)
        scored = _scored_anew(request, backtest, plan)
        if scored is None:
            continue
        draws = draw_resamples(scored.labels.rows.account, seed=plan.seed)
        rows += [{"gap": gap, **row} for row in _by_group(scored, draws)]
    return rows


def relabelled(training_set: TrainingSet, histories: GapLabels, gap: int) -> TrainingSet:
    """The rows of a training set that have mature answers under another gap, with those answers."""
    definition = replace(training_set.definition, gap=gap)
    labels = label_rows(histories.log, histories.context, definition, training_set.cutoffs, histories.label_lag_days)
    place, known = _indices(training_set.labels.rows, labels.rows)
    return replace(
        training_set,
        labels=labels.where(known),
        values=training_set.values[place],
        profile=training_set.profile.iloc[place],
        definition=definition,
    )


def _indices(have: Rows, wanted: Rows) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Where in `have` the wanted rows stand, and which of them do."""
    cutoffs = np.unique(np.concatenate([have.cutoff, wanted.cutoff]))

    def keys(rows: Rows) -> NDArray[np.int64]:
        return rows.account.astype(np.int64) * len(cutoffs) + np.searchsorted(cutoffs, rows.cutoff)

    stored, request = keys(have), keys(wanted)
    place = np.minimum(np.searchsorted(stored, request), len(stored) - 1)
    known = stored[place] == request
    return place[known], known


def _scored_anew(request: TrainingSet, backtest: Backtest, plan: BacktestPlan) -> ScoredRows | None:
    examples = training_examples(request)
    training = examples.where(examples.matures_at <= backtest.test[0])
    test = examples.where(np.isin(examples.cutoff, backtest.test))
    if not len(test) or not 0 < training.churned.sum() < len(training):
        return None
    # The rounds of the main fit: an early stop for each gap would cost a slice of cutoffs that long gaps lack.
    booster = train_booster(training, plan.parameters, backtest.fitted.rounds, plan.seed)
    scores = {OURS: predict_log_odds(booster, test.values)}
    labels = _at(request.labels, test)
    return ScoredRows(labels, scores, np.full(len(test), np.nan), request.profile.iloc[test.place])


def _at(labels: LabelledRows, test: Examples) -> LabelledRows:
    mask = np.zeros(len(labels), dtype=np.bool_)
    mask[test.place] = True
    return labels.where(mask)


def _by_group(scored: ScoredRows, draws: Resamples) -> list[MetricRow]:
    rows = []
    for group, mask in group_masks(scored).items():
        part, randomised = scored.where(mask), draws.where(mask)
        ours = dict(measure_all(part, randomised, [OURS], probabilities=False))[OURS]
        churned = part.labels.churned
        rows.append({"group": group, "rows": len(churned), "churned": int(churned.sum()), **metric_columns(ours)})
    return rows
