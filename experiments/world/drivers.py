"""Drivers of churn: the log hazard split by cause, updated week by week with the state.

Satisfaction is linear in events, so each driver's part fades as the whole does and the parts add up exactly; closeness
is split into losses by reps who left and missing upkeep. Product code never reads this.
"""

from dataclasses import dataclass, replace

import numpy as np

from experiments.world.draws import Flags, Floats
from experiments.world.dynamics import Moment, WeekOutcomes, healing, jumps, pushes, upkept, warmth, wrongs
from experiments.world.orders import mood
from experiments.world.parameters import WorldEffects
from experiments.world.state import WorldState

DRIVERS = (
    "complaint",
    "broken_promise",
    "competitor",
    "service_failure",
    "rep_change",
    "account_cash",
    "neglect",
    "pressure",
    "price_policy",
    "slow_moving",
    "no_response",
    "waking",
)
"""Causes by the reason code that should name them; `waking` (a sleeping account that we woke) has none."""


@dataclass(frozen=True)
class Parts:
    """Per driver what it has made of satisfaction and grievance so far; `upkept`: closeness had no rep ever left."""

    satisfaction: dict[str, Floats]
    grievance: dict[str, Floats]
    upkept: Floats


def no_parts(state: WorldState) -> Parts:
    """Return parts of 0 for these accounts."""
    return Parts(
        {name: np.zeros(len(state)) for name in DRIVERS},
        {name: np.zeros(len(state)) for name in DRIVERS},
        state.closeness,
    )


def start_drivers(parts: Parts, opening: Flags, state: WorldState) -> Parts:
    """Reset the parts of accounts that open."""
    return Parts(
        {name: np.where(opening, 0.0, part) for name, part in parts.satisfaction.items()},
        {name: np.where(opening, 0.0, part) for name, part in parts.grievance.items()},
        np.where(opening, state.closeness, parts.upkept),
    )


def driver_history(parts: Parts, moment: Moment, outcomes: WeekOutcomes, after: WorldState) -> Parts:
    """Return the parts at the next cutoff."""
    result, pull = vars(outcomes), moment.effects.satisfaction_pull
    moved = {name: (1.0 - pull) * part for name, part in parts.satisfaction.items()}
    for name, jump in (*jumps(moment, result).items(), *_of_closeness(parts, moment).items()):
        moved[name] = moved[name] + jump
    grievances = {name: healing(moment.done, result) * part for name, part in parts.grievance.items()}
    for name, wrong in wrongs(result).items():
        grievances[name] = grievances[name] + wrong
    capped = after.grievance / np.maximum(sum(grievances.values()), 1e-12)
    return replace(
        parts,
        satisfaction=moved,
        grievance={name: np.minimum(capped, 1.0) * part for name, part in grievances.items()},
        upkept=upkept(moment, result, parts.upkept),
    )


def _of_closeness(parts: Parts, moment: Moment) -> dict[str, Floats]:
    """What closeness does to satisfaction in a week: upkeep left undone, the rest taken by reps who left."""
    pull, effects = moment.effects.satisfaction_pull, moment.effects
    whole, without = warmth(effects, moment.state.closeness), warmth(effects, parts.upkept)
    return {"neglect": pull * without, "rep_change": pull * (whole - without)}


def log_hazard_of(effects: WorldEffects, parts: Parts, state: WorldState, week: int) -> dict[str, Floats]:
    """Return what each driver adds to an account's log hazard; below zero it retains the account."""
    bounded = np.divide(mood(state), state.satisfaction, out=np.ones(len(state)), where=state.satisfaction != 0)
    added = {
        name: -effects.hazard_weight * bounded * parts.satisfaction[name]
        + effects.grievance_hazard * parts.grievance[name]
        for name in DRIVERS
    }
    for name, push in pushes(effects, state, week).items():
        added[name] = added[name] + push
    return added
