"""Learning before a week is planned: expected margin and effects, from mature rows only."""

import numpy as np

from features.churn_definition import windows_of
from features.context import context_of
from features.cutoffs import cutoff_grid
from features.labels import label_lag_days, label_rows, row_windows
from kqml.dataset.folder import Dataset
from kqml.errors import Refused
from kqml.playbook import Playbook
from models.churn.scoring import Scorer
from models.policy.planning.feature_matrix import categorical_indices, model_rows
from models.policy.planning.learned_state import LEAST_PRECISION, LearningEvidence
from models.uplift.decision_data import DecisionData
from models.uplift.decision_log import DecisionLog
from models.uplift.decision_rows import build_decision_data
from models.uplift.learner import EffectModel
from models.value.expected import ValueModel, fit_value, margins_in_window, retained_rows
from models.value.margins import margin_rates

MOST_ROWS = 20_000
EVERY_DAYS = 28
MOST_CUTOFFS = 6


def learn_value(scorer: Scorer, dataset: Dataset, playbook: Playbook, cutoff: int, seed: int = 0) -> ValueModel:
    """Fit the value model on the latest windows closed at the cutoff, subsampled to MOST_ROWS rows."""
    dataset = dataset.known_before(cutoff)
    log, definition = dataset.event_log(), scorer.bundle.model.definition
    context = context_of(dataset.info, dataset.accounts(), log)
    lag = label_lag_days(dataset.info, log)
    grid = cutoff_grid(log, context, definition, EVERY_DAYS)
    mature = grid[windows_of(grid, definition, context.quiet, lag).matures <= cutoff][-MOST_CUTOFFS:]
    labels = label_rows(log, context, definition, mature, lag, observed_until=cutoff)
    labels = labels.where(retained_rows(labels))
    share = MOST_ROWS / max(len(labels), 1)
    labels = labels.where(np.random.default_rng(seed).random(len(labels)) < share)
    if not len(labels):
        return ValueModel(None, 0)
    opens = row_windows(labels.rows, context, definition, lag).opens
    margin = margins_in_window(log, labels, opens, margin_rates(dataset, playbook), cutoff)
    return fit_value(model_rows(scorer, dataset, labels.rows), margin, categorical_indices(scorer), seed)


def mature_cutoffs(data: DecisionData, cutoff: int) -> DecisionData:
    """Return the randomised rows with outcomes mature at the cutoff that may be learned from."""
    mature = data.outcomes.mature & (data.outcomes.matures_at <= cutoff)
    return data.where(mature & data.evaluable & data.randomised & (data.rows.cutoff < cutoff))


def learn_effects(
    scorer: Scorer, dataset: Dataset, log: DecisionLog | None, playbook: Playbook, cutoff: int
) -> LearningEvidence:
    """Learn effects on margin from the mature randomised rows of a decision log."""
    if log is None:
        return LearningEvidence(None)
    randomised = log.decisions[log.decisions["probability"].notna() & (log.decisions["cutoff"] < cutoff)]
    if not len(randomised):
        return LearningEvidence(None, why="nothing_drawn")
    dataset = dataset.known_before(cutoff)
    data = mature_cutoffs(build_decision_data(dataset, DecisionLog(randomised, log.states), playbook), cutoff)
    if not len(data):
        return LearningEvidence(None, why="nothing_mature")
    rows, weeks = len(data), len(set(data.week.tolist()))
    try:
        learned = EffectModel().fit_sample(data.sample(model_rows(scorer, dataset, data.rows)))
    except Refused:
        return LearningEvidence(None, rows, "too_little", weeks)
    precision = learned.evidence.precision
    if precision > LEAST_PRECISION:
        return LearningEvidence(None, rows, "too_imprecise", weeks, precision)
    return LearningEvidence(learned.fitted, rows, "learned", weeks, precision)
