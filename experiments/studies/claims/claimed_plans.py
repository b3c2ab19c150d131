"""Plans made from logs of the simulated world: what each claims, what it is truly worth."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from experiments.studies.off_policy.pilot_weeks import DecisionPoint, arrive
from experiments.studies.off_policy.rollout_log import RolloutLog
from experiments.studies.off_policy.target_policies import allocated_policy
from experiments.world.control import Pilot
from experiments.world.world import World
from models.policy.allocation.problem import Actions
from models.policy.planning.learned_state import LEAST_PRECISION
from models.uplift.learner import EffectModel
from models.uplift.sample import Codes, Floats
from models.value.net import costs

FIRST_WEEK, EVERY, SHARE = 60, 2, 0.48
RIPE = 13
"""Weeks from the last week of a log to the plan."""


@dataclass(frozen=True)
class ClaimedPlan:
    """One plan of the world of a seed, in money over the horizon against waiting. `value`, `low`, `high`: its net
    value as measured; `guess`: the sum of the predictions that its actions were chosen by; `true` with its standard
    `error`. `precision`: of the average effect; above LEAST_PRECISION no effect is used."""

    seed: int
    rows: int
    value: float
    low: float
    high: float
    guess: float
    true: float
    error: float
    precision: float

    @property
    def covers(self) -> bool:
        return self.low <= self.true <= self.high

    @property
    def shown(self) -> bool:
        """Whether a manager reads the money."""
        return self.precision <= LEAST_PRECISION and self.low > 0


def without_effects(world: World) -> World:
    """Return the world with actions that bring nothing: contact neither warms nor cools, help does not help. Too much
    contact still annoys, and actions still cost hours."""
    none = {"closeness_gain": 0.0, "closeness_half_life": math.inf, "plain_help": 0.0, "problem_help": 0.0}
    return replace(world, effects=replace(world.effects, **none))


def claimed_plans(world: World, logs: Sequence[tuple[int, int]], paths: int) -> Iterator[ClaimedPlan]:
    """For each pair of `logs` (weeks, how many) so many logs of so many weeks; the plan is of the same later week."""
    weeks = max(number for number, _ in logs)
    last = FIRST_WEEK + EVERY * (weeks - 1)
    points = arrive(
        world, [*range(FIRST_WEEK, last + 1, EVERY), last + RIPE + 1], Pilot(SHARE), paths, truth_before=False
    )
    number = 0
    for length, count in logs:
        for _ in range(count):
            yield _claimed(world, RolloutLog(points[weeks - length : weeks]), points[-1], number)
            number += 1


def _claimed(world: World, log: RolloutLog, now: DecisionPoint, number: int) -> ClaimedPlan:
    sample = log.sample(number)
    learned = EffectModel().fit_sample(sample)
    fitted = learned.fitted
    effect, scale = fitted.predict(now.values), fitted.scale.at(now.values).effect_scale
    chosen = allocated_policy(now, effect, world.playbook).argmax(axis=1)
    row = np.arange(len(chosen))
    total = fitted.calibration.total(chosen, scale)
    spent = float(costs(Actions.of(world.playbook).cost, world.playbook.minute_cost)[chosen].sum())
    return ClaimedPlan(
        seed=world.seed,
        rows=len(sample),
        value=total.value - spent,
        low=total.low - spent,
        high=total.high - spent,
        guess=_sum(effect, row, chosen) - spent,
        true=_sum(now.effect, row, chosen) - spent,
        error=float(np.sqrt(_sum(now.effect_error**2, row, chosen))),
        precision=learned.evidence.precision,
    )


def _sum(values: Floats, row: Codes, chosen: Codes) -> float:
    return float(values[row, chosen].sum())
