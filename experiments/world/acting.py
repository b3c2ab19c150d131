"""Execution of intended actions: hours, closed doors, faked visits."""

from dataclasses import dataclass

import numpy as np

from experiments.world import actions
from experiments.world.actions import ActionCodes, WorldAction
from experiments.world.draws import Draws, Flags, Floats, Indices
from experiments.world.weeks import Week
from kqml.playbook import Playbook

FAILS = 0.03
"""Chance that a visit finds nobody to talk to."""

FOLLOWS = 0.93
"""Chance that a rep carries out an action assigned by a policy instead of the own one, at diligence 1."""


@dataclass(frozen=True)
class Acts:
    """The execution of each account's week.

    `assigned`: by a policy, else the rep's own plan. `meant`: what the rep intended. `done`: what had an effect.
    `faked`: recorded as `meant` but not done. `no_time`: dropped for lack of hours. `refused`: the rep did not follow
    the assignment.
    """

    assigned: ActionCodes
    meant: ActionCodes
    done: ActionCodes
    faked: Flags
    failed: Flags
    no_time: Flags
    refused: Flags

    @property
    def recorded(self) -> ActionCodes:
        """The actions in the company's records."""
        return np.where(self.faked, self.meant, self.done).astype(np.int8)


@dataclass(frozen=True)
class WeekIntent:
    """A week's intended actions: the rep's own, a policy's where `ruled`, and their priority when hours are short."""

    own: ActionCodes
    assigned: ActionCodes
    ruled: Flags
    priority: Floats


def own_plan(own: ActionCodes, priority: Floats) -> WeekIntent:
    """Return a week of the reps' own actions."""
    return WeekIntent(own, own, np.zeros(len(own), dtype=bool), priority)


def act(plan: WeekIntent, playbook: Playbook, seat: Indices, week: Week, draws: Draws) -> Acts:
    """Execute a plan within each rep's minutes, stops and budget."""
    refused = plan.ruled & ~draws.happens(np.minimum(FOLLOWS * week.diligence**0.25, 1.0), "follows", week.number)
    wanted = np.where(plan.ruled & ~refused, plan.assigned, plan.own).astype(np.int8)
    retained = within_hours(wanted, plan.priority, seat, playbook)
    meant = np.where(retained, wanted, WorldAction.WAIT).astype(np.int8)
    in_person = actions.IN_PERSON[meant]
    faked = in_person & draws.happens(week.faking, "fakes", week.number)
    failed = in_person & ~faked & draws.happens(FAILS, "fails", week.number)
    done = np.where(faked | failed, WorldAction.WAIT, meant).astype(np.int8)
    return Acts(plan.assigned, meant, done, faked, failed, ~retained, refused)


def within_hours(wanted: ActionCodes, priority: Floats, seat: Indices, playbook: Playbook) -> Flags:
    """Return which actions fit, taken by falling priority within each seat until a resource is used up."""
    order = np.lexsort((-priority, seat))
    first = np.flatnonzero(np.diff(seat[order], prepend=-1))
    fits = np.ones(len(wanted), dtype=bool)
    limits = (playbook.rep.minutes_per_week, playbook.rep.stops_per_week, playbook.rep.budget_per_week)
    for name, limit in zip(("minutes", "stops", "money"), limits, strict=True):
        cost = np.array([getattr(action, name) for action in playbook.actions], dtype=np.float64)[wanted[order]]
        running = np.cumsum(cost)
        before = np.repeat(running[first] - cost[first], np.diff(np.append(first, len(wanted))))
        fits[order] &= (running - before <= limit) | (cost == 0)
    return fits


def done_given_assigned(own: Floats, week: Week) -> Floats:
    """Return P(done | assigned) without limits of hours: accounts × assigned × done. `own`: the rep's probabilities."""
    follows = np.minimum(FOLLOWS * week.diligence**0.25, 1.0)[:, None, None]
    meant = follows * np.eye(len(WorldAction)) + (1.0 - follows) * own[:, None, :]
    real = np.where(actions.IN_PERSON, 1.0, 0.0)
    success = 1.0 - real * (1.0 - (1.0 - week.faking[:, None]) * (1.0 - FAILS))
    done = meant * success[:, None, :]
    done[:, :, WorldAction.WAIT] += (meant * (1.0 - success)[:, None, :]).sum(axis=2)
    return np.asarray(done, dtype=np.float64)
