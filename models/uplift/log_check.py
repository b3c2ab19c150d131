"""Check of decision data: mature outcomes, propensities and comparison rows needed to learn effects."""

from dataclasses import dataclass

import numpy as np

from kqml.errors import Fault
from models.uplift.decision_data import DecisionData
from models.uplift.sample import Codes, Floats

LEAST_ROWS = 200
"""The least number of mature rows of an action."""

LEAST_EFFECTIVE = 100.0
LEAST_CHANCE = 0.01


@dataclass(frozen=True)
class ActionCheck:
    """The learnable rows of one action.

    `effective`: effective number of rows (Σw)² ∕ Σw² with weights 1 ∕ propensity; the number of rows without
    propensities. `least_chance`: least propensity, NaN without propensities.
    """

    action: str
    rows: int
    effective: float
    least_chance: float


@dataclass(frozen=True)
class LogCheck:
    """Numbers of rows by possible use.

    `rows`: all. `mature`, `learnable`: of those. `randomised`: learnable with a propensity. `censored`: share that
    closed or changed owner in the horizon. `faults`: what prevents learning, empty where nothing does.
    """

    rows: int
    mature: int
    learnable: int
    randomised: int
    censored: float
    actions: tuple[ActionCheck, ...]
    faults: tuple[Fault, ...]

    @property
    def basis(self) -> str:
        """The evidence that effects from this log would have: randomised if there are any randomised rows."""
        return "randomised" if self.randomised else "observational"


def check_log(data: DecisionData) -> LogCheck:
    """Count the rows, then check the randomised ones where there are any, else all learnable ones."""
    learnable = data.learnable()
    randomised = learnable.randomised
    assessment = learnable.where(randomised) if randomised.any() else learnable
    actions = tuple(
        _checked(assessment.action, assessment.probability, code, name) for code, name in enumerate(data.actions)
    )
    return LogCheck(
        rows=len(data),
        mature=int(data.outcomes.mature.sum()),
        learnable=len(learnable),
        randomised=int(randomised.sum()),
        censored=float(learnable.outcomes.censored.mean()) if len(learnable) else 0.0,
        actions=actions,
        faults=tuple(_faults(data, learnable, actions)),
    )


def _checked(action: Codes, probability: Floats, code: int, name: str) -> ActionCheck:
    probabilities = probability[action == code]
    known = np.isfinite(probabilities)
    weights = 1.0 / np.where(known, probabilities, 1.0)
    effective = float(weights.sum() ** 2 / np.sum(weights**2)) if len(weights) else 0.0
    return ActionCheck(
        name, len(probabilities), effective, float(probabilities[known].min()) if known.any() else float("nan")
    )


def _faults(data: DecisionData, learnable: DecisionData, actions: tuple[ActionCheck, ...]) -> list[Fault]:
    faults = []
    if not data.outcomes.mature.any():
        faults.append(
            Fault(
                "maturity",
                f"none of {len(data)} decisions has a mature outcome",
                "wait until the horizon of the first decisions has passed",
            )
        )
    elif not len(learnable):
        faults.append(
            Fault(
                "evaluable",
                "no decision with a mature outcome is evaluable",
                "log randomised decisions with their propensities",
            )
        )
    if not actions or actions[0].rows < LEAST_ROWS:
        rows = actions[0].rows if actions else 0
        faults.append(Fault("overlap", f"{rows} decisions to wait", f"provide at least {LEAST_ROWS} decisions to wait"))
    results = [action for action in actions[1:] if action.rows >= LEAST_ROWS and action.effective >= LEAST_EFFECTIVE]
    if not results:
        faults.append(
            Fault("overlap", f"no action has {LEAST_ROWS} decisions", "log more weeks, or raise the exploration rate")
        )
    faults += [
        Fault(
            "probability",
            f"{action.action} has a propensity of {action.least_chance:.4f}",
            f"keep every propensity at or above {LEAST_CHANCE}",
        )
        for action in actions
        if action.least_chance < LEAST_CHANCE
    ]
    return faults
