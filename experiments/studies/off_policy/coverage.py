"""Coverage study: coverage, width and refusals of the intervals of off-policy evaluation in the simulated world."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from experiments.studies.off_policy.rollout_log import RolloutLog
from models.evaluation.off_policy.clustering import PolicyEstimate
from models.evaluation.off_policy.evaluation import PolicyEvaluation, evaluate_policy
from models.evaluation.off_policy.outcome_model import Regression, expected_outcomes
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats, RandomisedRows
from models.evaluation.off_policy.targets import PLAYBOOK

THIN = 60
"""Rows of a log that is too thin for anything."""


@dataclass(frozen=True)
class CoverageResult:
    """An estimate compared with the truth."""

    covers: bool
    half_width: float
    error: float


@dataclass(frozen=True)
class CoverageCounts:
    """One target in one run.

    `value`, `difference`: by estimator, of the value and of the value less the playbook's; empty where refused.
    `truth`: the true difference for the rows of this log.
    """

    target: str
    refused: bool
    value: Mapping[str, CoverageResult]
    difference: Mapping[str, CoverageResult]
    headline: str
    truth: float
    rows: int


def measure_coverage(log: RolloutLog, targets: Mapping[str, Floats], numbers: range) -> Iterator[list[CoverageCounts]]:
    """Evaluate the targets in each of `runs`; every run has its own random draws and futures.

    Truths are those of the logged rows.
    """
    for number in numbers:
        randomised, rows = log.draw(number)
        regression = expected_outcomes(randomised, log.known(randomised, rows), seed=number)
        against = targets[PLAYBOOK][rows]
        base = float((against * log.truth[rows]).sum(axis=1).mean())
        yield [
            _seen(
                name,
                evaluate_policy(randomised, probabilities[rows], against, regression),
                (float((probabilities[rows] * log.truth[rows]).sum(axis=1).mean()), base),
                len(randomised),
            )
            for name, probabilities in targets.items()
            if name != PLAYBOOK
        ]


def _seen(name: str, result: PolicyEvaluation, truths: tuple[float, float], rows: int) -> CoverageCounts:
    value, gain = truths[0], truths[0] - truths[1]
    if result.target.values is None or result.difference is None:
        return CoverageCounts(name, True, {}, {}, result.headline, gain, rows)
    return CoverageCounts(
        target=name,
        refused=False,
        value={key: _describe(estimate, value) for key, estimate in result.target.values.items()},
        difference={key: _describe(estimate, gain) for key, estimate in result.difference.items()},
        headline=result.headline,
        truth=gain,
        rows=rows,
    )


def _describe(estimate: PolicyEstimate, truth: float) -> CoverageResult:
    return CoverageResult(
        estimate.low <= truth <= estimate.high, (estimate.high - estimate.low) / 2, estimate.value - truth
    )


def refused_when_thin(log: RolloutLog, targets: Mapping[str, Floats], numbers: range) -> float:
    """Return the share of targets refused where every evaluation must be: with few rows, and for an action that the log
    never assigned."""
    refused: list[bool] = []
    for number in numbers:
        randomised, rows = log.draw(number)
        few = np.arange(len(randomised)) < THIN
        for name, probabilities in targets.items():
            refused.append(_refused(randomised, rows, few, targets, probabilities))
            if name in randomised.actions:
                other_actions = randomised.action != randomised.actions.index(name)
                refused.append(_refused(randomised, rows, other_actions, targets, probabilities))
    return float(np.mean(refused))


def _refused(
    randomised: RandomisedRows, rows: Codes, mask: Flags, targets: Mapping[str, Floats], probabilities: Floats
) -> bool:
    masked = _where(randomised, mask)
    nothing = Regression(np.zeros(masked.eligible.shape))
    masked_rows = rows[mask]
    return evaluate_policy(masked, probabilities[masked_rows], targets[PLAYBOOK][masked_rows], nothing).refused


def _where(rows: RandomisedRows, mask: Flags) -> RandomisedRows:
    columns: dict[str, Any] = {name: value[mask] for name, value in vars(rows).items() if isinstance(value, np.ndarray)}
    return replace(rows, **columns)
