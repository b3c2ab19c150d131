"""How often intervals of a policy's value hold the truth, how wide they are, how often there is none."""

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
    """An estimate beside the truth."""

    covers: bool
    half_width: float
    error: float


@dataclass(frozen=True)
class CoverageCounts:
    """One target in one run. `value`, `difference`: by estimator, of the value, of the value less the playbook's; none
    where it was refused. `truth`: of the difference, for the rows of this log."""

    target: str
    refused: bool
    value: Mapping[str, CoverageResult]
    difference: Mapping[str, CoverageResult]
    headline: str
    truth: float
    rows: int


def measure_coverage(log: RolloutLog, targets: Mapping[str, Floats], numbers: range) -> Iterator[list[CoverageCounts]]:
    """The targets in each of some runs; run `number` has its own coins and futures. Truths are of the rows drawn."""
    for number in numbers:
        drawn, rows = log.draw(number)
        regression = expected_outcomes(drawn, log.known(drawn, rows), seed=number)
        against = targets[PLAYBOOK][rows]
        base = float((against * log.truth[rows]).sum(axis=1).mean())
        yield [
            _seen(
                name,
                evaluate_policy(drawn, chances[rows], against, regression),
                (float((chances[rows] * log.truth[rows]).sum(axis=1).mean()), base),
                len(drawn),
            )
            for name, chances in targets.items()
            if name != PLAYBOOK
        ]


def _seen(name: str, found: PolicyEvaluation, truths: tuple[float, float], rows: int) -> CoverageCounts:
    value, gain = truths[0], truths[0] - truths[1]
    if found.target.values is None or found.difference is None:
        return CoverageCounts(name, True, {}, {}, found.headline, gain, rows)
    return CoverageCounts(
        target=name,
        refused=False,
        value={key: _told(one, value) for key, one in found.target.values.items()},
        difference={key: _told(one, gain) for key, one in found.difference.items()},
        headline=found.headline,
        truth=gain,
        rows=rows,
    )


def _told(one: PolicyEstimate, truth: float) -> CoverageResult:
    return CoverageResult(one.low <= truth <= one.high, (one.high - one.low) / 2, one.value - truth)


def refused_when_thin(log: RolloutLog, targets: Mapping[str, Floats], numbers: range) -> float:
    """Share of targets that are refused where every answer has to be: from so few rows; an action for everybody from a
    log that never drew it too."""
    refused: list[bool] = []
    for number in numbers:
        drawn, rows = log.draw(number)
        few = np.arange(len(drawn)) < THIN
        for name, chances in targets.items():
            refused.append(_refused(drawn, rows, few, targets, chances))
            if name in drawn.actions:
                others = drawn.action != drawn.actions.index(name)
                refused.append(_refused(drawn, rows, others, targets, chances))
    return float(np.mean(refused))


def _refused(drawn: RandomisedRows, rows: Codes, kept: Flags, targets: Mapping[str, Floats], chances: Floats) -> bool:
    part = _where(drawn, kept)
    nothing = Regression(np.zeros(part.eligible.shape))
    mine = rows[kept]
    return evaluate_policy(part, chances[mine], targets[PLAYBOOK][mine], nothing).refused


def _where(drawn: RandomisedRows, mask: Flags) -> RandomisedRows:
    columns: dict[str, Any] = {
        name: value[mask] for name, value in vars(drawn).items() if isinstance(value, np.ndarray)
    }
    return replace(drawn, **columns)
