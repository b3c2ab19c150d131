"""Whether decision data carry what learning effects needs: outcomes that are known, chances, comparisons."""

from dataclasses import dataclass

import numpy as np

from kqml.errors import Fault
from models.uplift.decision_data import DecisionData
from models.uplift.sample import Codes, Floats

LEAST_ROWS = 200
"""Mature rows that an action needs to be told apart from waiting."""

LEAST_EFFECTIVE = 100.0
LEAST_CHANCE = 0.01


@dataclass(frozen=True)
class ActionCheck:
    """What the learnable rows hold of one action. `effective`: (Σw)² ∕ Σw² of their weights 1 ∕ p, the plain number
    where no chances are known. `least_chance`: NaN there."""

    action: str
    rows: int
    effective: float
    least_chance: float


@dataclass(frozen=True)
class LogCheck:
    """`rows`: all; of those `mature`, `learnable`, and of the learnable ones `randomised` (with a chance). `censored`:
    share that closed or moved in the horizon. `faults`: what stands against learning, empty where nothing does."""

    rows: int
    mature: int
    learnable: int
    randomised: int
    censored: float
    actions: tuple[ActionCheck, ...]
    faults: tuple[Fault, ...]

    @property
    def basis(self) -> str:
        """What effects from this log would stand on: the randomised rows alone wherever there are any."""
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
