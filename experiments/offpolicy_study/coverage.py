"""How often intervals of a policy's value hold the truth, how wide they are, how often there is none."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.offpolicy_study.pilot_weeks import Crossroads
from kqml.playbook import Playbook
from models.allocation.allocation import allocate
from models.allocation.problem import NOT_BOOKED, Packages, Problem
from models.offpolicy.drawn import Drawn, Floats
from models.offpolicy.estimators import NAMES
from models.offpolicy.evaluation import HEADLINE, Evaluation, evaluate_policy
from models.offpolicy.expected import expected_outcomes
from models.offpolicy.targets import PLAYBOOK, target_named

BEST = "allocated_oracle"
THIN = 60
"""Rows of a log that is too thin for anything."""


@dataclass(frozen=True)
class Seen:
    """One target in one run. `value`, `difference`: whether each estimator's interval held the truth of the value, of
    the value less the playbook's; none where it was refused. `width`: half of the doubly robust difference's interval.
    """

    target: str
    refused: bool
    value: Mapping[str, bool]
    difference: Mapping[str, bool]
    width: float
    rows: int


def targets_at(place: Crossroads, playbook: Playbook) -> dict[str, Floats]:
    """Every action for everybody, the playbook, the allocation of the hours by the true effects."""
    named = {name: target_named(name, playbook, place.tier, place.eligible) for name in (*playbook.actions, PLAYBOOK)}
    best = np.zeros(place.eligible.shape)
    best[np.arange(len(best)), _allocated(place, playbook)] = 1.0
    return {**named, BEST: best}


def _allocated(place: Crossroads, playbook: Playbook) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """What the hours of the reps would go to if the true effects were known."""
    seat, rule, packages = place.simulation.traits.seat[place.who], playbook.rep, Packages.of(playbook)
    reps, rep = np.unique(seat, return_inverse=True)
    hours = np.array([rule.minutes_per_week, rule.stops_per_week, rule.budget_per_week])
    count, channels = len(place.who), packages.contacts.shape[1]
    net = place.effect - packages.cost[:, 0] * playbook.minute_cost - packages.cost[:, 2]
    problem = Problem(
        packages=packages,
        rep=rep.astype(np.int64),
        tier=np.zeros(count, dtype=np.int64),
        net_value=net - net[:, :1],
        allowed=place.eligible,
        fulfils=np.zeros(place.eligible.shape, dtype=bool),
        booked=np.full(count, NOT_BOOKED),
        due=np.zeros((count, channels)),
        shortfall_cost=np.zeros((count, channels)),
        capacity=np.tile(hours, (len(reps), 1)),
        floor=np.zeros((len(reps), 1, channels)),
    )
    return allocate(problem).choice


def judge(place: Crossroads, playbook: Playbook, numbers: range) -> Iterator[list[Seen]]:
    """The targets in each of some runs; run `number` has its own coins and futures."""
    targets = targets_at(place, playbook)
    truths = {name: float((chances * place.truth).sum(axis=1).mean()) for name, chances in targets.items()}
    for number in numbers:
        drawn = place.draw(number)
        rows = place.rows_of(drawn)
        regression = expected_outcomes(drawn, place.values[rows], seed=number, past=place.past[rows])
        against = targets[PLAYBOOK][rows]
        yield [
            _seen(name, evaluate_policy(drawn, chances[rows], against, regression), truths, len(drawn))
            for name, chances in targets.items()
        ]


def _seen(name: str, found: Evaluation, truths: Mapping[str, float], rows: int) -> Seen:
    value, gain = truths[name], truths[name] - truths[PLAYBOOK]
    if found.target.values is None or found.difference is None:
        return Seen(name, True, {}, {}, float("nan"), rows)
    one, two = found.target.values, found.difference
    return Seen(
        target=name,
        refused=False,
        value={key: one[key].low <= value <= one[key].high for key in NAMES},
        difference={key: two[key].low <= gain <= two[key].high for key in NAMES},
        width=(two[HEADLINE].high - two[HEADLINE].low) / 2,
        rows=rows,
    )


def refused_when_thin(place: Crossroads, playbook: Playbook, numbers: range) -> float:
    """Share of targets that are refused from so few rows that every answer has to be."""
    targets, refused = targets_at(place, playbook), []
    for number in numbers:
        drawn = _first_rows(place.draw(number), THIN)
        rows = place.rows_of(drawn)
        nothing = np.zeros(drawn.eligible.shape)
        against = targets[PLAYBOOK][rows]
        refused += [evaluate_policy(drawn, each[rows], against, nothing).refused for each in targets.values()]
    return float(np.mean(refused))


def _first_rows(drawn: Drawn, count: int) -> Drawn:
    columns: dict[str, Any] = {
        name: value[:count] if isinstance(value, np.ndarray) else value for name, value in vars(drawn).items()
    }
    return Drawn(**columns)
