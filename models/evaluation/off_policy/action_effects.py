"""Effects of each action in the randomised decisions of a log: of assigning it (ITT) and of doing it (CACE)."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from kqml.errors import Refused
from models.evaluation.off_policy.decisions import EvaluableRows
from models.uplift.complier import complier_effect, uptake_scores
from models.uplift.contrasts import ClusteredMean, clustered_mean
from models.uplift.learner import LEAST_ROWS
from models.uplift.sample import Flags, Floats


@dataclass(frozen=True)
class AssignmentEffect:
    """Effects of an action against `wait`, on the outcome per account.

    `assigned`: of assigning it (intention to treat). `uptake`: by how much assigning it raises the share of accounts
    with which it is done; None where the log does not record that. `complier`: of doing it because it was assigned
    (complier average causal effect); None also where assigning hardly changes the uptake.
    """

    action: str
    assigned: ClusteredMean
    uptake: ClusteredMean | None
    complier: ClusteredMean | None


def action_effects(rows: EvaluableRows) -> tuple[AssignmentEffect, ...]:
    """Return the effects of all actions that LEAST_ROWS rows were assigned, where as many rows waited."""
    return tuple(_effects(rows))


def _effects(rows: EvaluableRows) -> Iterator[AssignmentEffect]:
    randomised = rows.randomised
    for code, name in enumerate(randomised.actions):
        compared = randomised.eligible[:, code]
        assigned = [int((randomised.action[compared] == action).sum()) for action in (0, code)]
        # Both arms count: a common action against few rows of `wait` is as uncertain as a rare one.
        if code and min(assigned) >= LEAST_ROWS:
            yield _effect(rows, code, name, compared)


def _effect(rows: EvaluableRows, code: int, name: str, compared: Flags) -> AssignmentEffect:
    randomised, executed = rows.randomised, rows.data.executed
    scores = _assignment_scores(rows, code, compared)
    account = randomised.account
    if not (executed >= 0).any():
        return AssignmentEffect(name, clustered_mean(scores[compared], account[compared]), None, None)
    usual = float((executed[compared] == code).mean())
    done = uptake_scores(executed, randomised.action, randomised.probability, code, usual)
    try:
        result = complier_effect(name, scores, done, account, compared)
    except Refused:
        assigned, uptake = (clustered_mean(score[compared], account[compared]) for score in (scores, done))
        return AssignmentEffect(name, assigned, uptake, None)
    return AssignmentEffect(name, result.assigned, result.uptake, result.complier)


def _assignment_scores(rows: EvaluableRows, code: int, compared: Flags) -> Floats:
    """Return each row's inverse-propensity score of assigning the action against `wait`, around the mean outcome."""
    randomised = rows.randomised
    rest = randomised.outcome - float(randomised.outcome[compared].mean())
    sign = np.where(randomised.action == code, 1.0, np.where(randomised.action == 0, -1.0, 0.0))
    return np.asarray(sign * rest / randomised.probability, dtype=np.float64)
