"""The target policies of the coverage study."""

import numpy as np

from experiments.studies.off_policy.pilot_weeks import DecisionPoint
from experiments.studies.off_policy.rollout_log import RolloutLog
from kqml.playbook import Playbook
from models.evaluation.off_policy.own_policy import allocate_by_effects
from models.evaluation.off_policy.randomised_rows import Floats
from models.evaluation.off_policy.targets import PLAYBOOK, target_named
from models.uplift.fitted import FittedEffects
from models.uplift.learner import EffectModel

OURS, BEST, FEW = "ours", "allocated_oracle", "playbook_but_few"
INDEPENDENT = 50_000
"""Number of the log that ours is learned from; never one of those it is judged by."""

FEW_SHARE = 0.1


def targets_of(log: RolloutLog, playbook: Playbook) -> dict[str, Floats]:
    """Return the probabilities (n × K) of each target.

    Targets: every action for all accounts; the playbook; allocations by effects learned from an independent log of the
    same size and by the true effects; the playbook with help offered to few accounts.
    """
    named = {name: target_named(name, playbook, log.tier, log.eligible) for name in (*playbook.action_names, PLAYBOOK)}
    effects = learned_policy(log)
    ours = log.probabilities_of(lambda point: allocated_policy(point, effects.predict(point.values), playbook))
    best = log.probabilities_of(lambda point: allocated_policy(point, point.effect, playbook))
    return {**named, OURS: ours, BEST: best, FEW: _but_few(log, named)}


def learned_policy(log: RolloutLog) -> FittedEffects:
    """Return the effects learned from an independent log."""
    return EffectModel().fit_sample(log.sample(INDEPENDENT)).fitted


def _but_few(log: RolloutLog, named: dict[str, Floats]) -> Floats:
    """Offer help to one row in ten, those with the highest expected loss by their silence."""
    ratio = log.values[:, 0] * 13 / (log.values[:, 3] + 1.0)
    few = ratio <= np.quantile(ratio, FEW_SHARE)
    return np.where(few[:, None], named["help_offer"], named[PLAYBOOK])


def allocated_policy(point: DecisionPoint, effect: Floats, playbook: Playbook) -> Floats:
    """Return the probabilities, 0 or 1, of allocating the reps' hours by the net value of these effects."""
    rule = playbook.rep
    hours = np.array([rule.minutes_per_week, rule.stops_per_week, rule.budget_per_week])
    reps, rep = np.unique(point.simulation.traits.seat[point.who], return_inverse=True)
    return allocate_by_effects(effect, point.eligible, rep.astype(np.int64), np.tile(hours, (len(reps), 1)), playbook)
