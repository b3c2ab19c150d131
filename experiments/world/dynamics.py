"""The dynamics of one week: events, and the change of state by events and actions."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from experiments.world import actions
from experiments.world.actions import ActionCodes, WorldAction
from experiments.world.draws import Draws, Flags, Floats
from experiments.world.orders import mood
from experiments.world.parameters import WorldEffects
from experiments.world.population import Traits
from experiments.world.state import NONE, WorldState
from experiments.world.weeks import Week

FAILURES = ("delivery_late", "short_supply", "invoice_error")
FAILURE_RATES = (0.035, 0.02, 0.012)
"""Failures per week at an order rate of 1, usual stress."""

PROMISE_WEEKS = 5
IGNORED_WEEKS = 3
"""Weeks after which an open complaint counts as ignored."""

CLOSURE_CHANCE = 0.0002
MOST_HAZARD, MOST_GRIEVANCE = 0.35, 4.0


@dataclass(frozen=True)
class Moment:
    """Accounts in one week, after the week's actions; arrays of one length."""

    effects: WorldEffects
    traits: Traits
    state: WorldState
    week: Week
    done: ActionCodes
    draws: Draws


@dataclass(frozen=True)
class WeekOutcomes:
    """Events of each account in a week; arrays of one length.

    `hazard`: probability of silently stopping at the end of the week. `stuffed`: weeks of stock pushed onto the
    account.
    """

    failures: dict[str, Flags]
    complaint: Flags
    resolved: Flags
    promise_made: Flags
    promise_kept: Flags
    promise_broken: Flags
    problem: Flags
    solved: Flags
    courted: Flags
    slow: Flags
    short_of_cash: Flags
    contact_left: Flags
    stuffed: Floats
    hazard: Floats
    closes: Flags


def draw_outcomes(moment: Moment) -> dict[str, Any]:
    """Return the week's outcomes except the hazard, given the actions done."""
    traits, state, week, done, draws = moment.traits, moment.state, moment.week, moment.done, moment.draws
    w, in_person = week.number, actions.IN_PERSON[done]
    base = np.minimum(traits.rate, 2.0) * week.stress
    here = ~state.gone
    failures = {
        name: here & draws.happens(rate * base, name, w) for name, rate in zip(FAILURES, FAILURE_RATES, strict=True)
    }
    failed = failures["delivery_late"] | failures["short_supply"] | failures["invoice_error"]
    complains = np.clip((0.0025 + 0.1 * failed) * np.exp(-0.5 * mood(state)), 0.0, 0.6)
    due = (state.promise != NONE) & (w - state.promise >= PROMISE_WEEKS)
    keeps = np.clip(0.25 + 0.5 * week.diligence * week.skill, 0.0, 0.97) * np.where(week.vacant, 0.4, 1.0)
    retained = due & (draws.happens(keeps, "promise_kept", w) | (done == WorldAction.HELP_OFFER))
    open_complaint = state.complaint != NONE
    return {
        "failures": failures,
        "complaint": here & ~open_complaint & draws.happens(complains, "complaint", w),
        "resolved": open_complaint & draws.happens(0.05 + actions.RESOLVES[done], "resolved", w),
        "promise_made": in_person & (state.promise == NONE) & draws.happens(0.07, "promise_made", w),
        "promise_kept": retained,
        "promise_broken": due & ~retained,
        "problem": here & ~state.problem & draws.happens(0.012, "problem", w),
        "solved": state.problem & draws.happens(0.07 + actions.SOLVES[done], "solved", w),
        "courted": (state.courted == NONE)
        & draws.happens(week.pressure * np.exp(-0.5 * state.closeness), "courted", w),
        "slow": ~state.slow & draws.happens(0.003 * np.exp(-traits.fit), "slow", w),
        "short_of_cash": (state.overdue == NONE) & draws.happens(0.002, "short_of_cash", w),
        "contact_left": draws.happens(0.003, "contact_left", w),
        "stuffed": _stuffed(week, draws),
        "closes": draws.happens(CLOSURE_CHANCE, "closes", w),
    }


def _stuffed(week: Week, draws: Draws) -> Floats:
    """Return weeks of stock that a pushy rep sells at the end of a quarter, by telephone or in person."""
    if not week.quarter_end:
        return np.zeros(len(draws))
    pressed = draws.happens(np.where(week.vacant, 0.0, week.pushy), "pressed", week.number)
    return np.where(pressed, 1.0 + 2.0 * draws.uniform("pressed_weeks", week.number), 0.0)


def advance(moment: Moment) -> tuple[WorldState, WeekOutcomes]:
    """Return the state at the next cutoff and the week's events; orders and departures are decided elsewhere."""
    result = draw_outcomes(moment)
    traits, state, done, draws = moment.traits, moment.state, moment.done, moment.draws
    w, in_person = moment.week.number, actions.IN_PERSON[done]
    sleeping = asleep(state)
    load = 0.6 * state.load + 0.5 * actions.TOUCHES[done] / traits.need
    won = draws.happens(0.04 + actions.WINS_BACK[done], "won_back", w)
    cleared = draws.happens(0.03 + actions.CLEARS[done], "cleared", w)
    paid = draws.happens(0.06, "paid", w)
    after = state.with_(
        satisfaction=_satisfaction(moment, result),
        closeness=_closeness(moment, result),
        load=load,
        wake=np.maximum(0.8 * state.wake, sleeping & actions.IMPERSONAL[done]),
        grievance=_grievance(state, done, result),
        glut=0.8 * state.glut + 0.4 * result["stuffed"],
        drift=_drift(moment),
        complaint=np.where(result["complaint"], w, np.where(result["resolved"], NONE, state.complaint)),
        promise=np.where(
            result["promise_made"], w, np.where(result["promise_kept"] | result["promise_broken"], NONE, state.promise)
        ),
        broken=np.where(result["promise_broken"], w, state.broken),
        courted=np.where(result["courted"], w, np.where(won, NONE, state.courted)),
        overdue=np.where(result["short_of_cash"], w, np.where(paid, NONE, state.overdue)),
        problem=(state.problem & ~result["solved"]) | result["problem"],
        slow=(state.slow & ~cleared) | result["slow"],
        contacts=np.clip(state.contacts - result["contact_left"] + (in_person & draws.happens(0.02, "met", w)), 0, 6),
    )
    return after, WeekOutcomes(**result, hazard=hazard(moment.effects, after, w))


def _drift(moment: Moment) -> Floats:
    """Return the slow drift of demand, independent of contact."""
    effects = moment.effects
    retained = np.exp(-1.0 / effects.drift_weeks)
    step = effects.drift_spread * np.sqrt(1.0 - retained**2)
    return np.asarray(retained * moment.state.drift + step * moment.draws.normal("drift", moment.week.number))


def healing(done: ActionCodes, result: dict[str, Any]) -> Floats:
    """Return the share of a grievance that remains after a week: an eighth fades, more where faults are repaired."""
    return 0.88 * np.where(result["resolved"], 0.4, 1.0) * np.where(done == WorldAction.HELP_OFFER, 0.7, 1.0)


def wrongs(result: dict[str, Any]) -> dict[str, Floats]:
    """Return the grievances of the week, by driver."""
    return {
        "service_failure": 0.5 * sum(result["failures"].values()),
        "complaint": 1.0 * result["complaint"],
        "broken_promise": 1.2 * result["promise_broken"],
    }


def _grievance(state: WorldState, done: ActionCodes, result: dict[str, Any]) -> Floats:
    """Return the grievances that were not compensated."""
    grievance = healing(done, result) * state.grievance + sum(wrongs(result).values())
    return np.asarray(np.minimum(grievance, MOST_GRIEVANCE), dtype=np.float64)


def asleep(state: WorldState) -> Flags:
    """Return the dissatisfied, distant accounts without recent contact; an impersonal contact reminds them to leave."""
    return np.asarray((state.satisfaction < -0.6) & (state.closeness < 0.6) & (state.load < 0.1), dtype=bool)


def _closeness(moment: Moment, result: dict[str, Any]) -> Floats:
    return upkept(moment, result, moment.state.closeness) * np.where(
        moment.week.rep_left, 1.0 - moment.effects.rep_loss, 1.0
    )


def upkept(moment: Moment, result: dict[str, Any], closeness: Floats) -> Floats:
    """A week's fading and upkeep, were the rep to stay."""
    effects, week = moment.effects, moment.week
    fresh = np.where(week.new_rep, 1.0 + effects.new_rep_boost, 1.0)
    brake = 1.0 + effects.closeness_brake * np.maximum(closeness - 1.0, 0.0)
    gain = (
        effects.closeness_gain * actions.doses(effects)[moment.done] * week.skill * fresh / moment.traits.need / brake
    )
    lost = np.where(result["contact_left"], 0.6, 1.0)
    return np.asarray((closeness * 0.5 ** (1.0 / effects.closeness_half_life) + gain) * lost, dtype=np.float64)


def warmth(effects: WorldEffects, closeness: Floats) -> Floats:
    """Return what closeness adds to the level of satisfaction; 0 at 1."""
    return np.asarray(effects.closeness_weight * np.log((0.25 + closeness) / 1.25), dtype=np.float64)


def _satisfaction(moment: Moment, result: dict[str, Any]) -> Floats:
    effects, state = moment.effects, moment.state
    level = moment.traits.fit + warmth(effects, state.closeness)
    drift = effects.satisfaction_pull * (level - state.satisfaction)
    noise = effects.satisfaction_noise * moment.draws.normal("satisfaction", moment.week.number)
    return np.asarray(state.satisfaction + drift + noise + sum(jumps(moment, result).values()), dtype=np.float64)


def jumps(moment: Moment, result: dict[str, Any]) -> dict[str, Floats]:
    """Return the change of satisfaction in the week, by driver."""
    effects, traits, state, week, done = moment.effects, moment.traits, moment.state, moment.week, moment.done
    waiting = (state.complaint != NONE) & (week.number - state.complaint > 1) & ~result["resolved"]
    needed = result["resolved"] | result["solved"] | state.slow | (state.courted != NONE)
    over = np.maximum(0.6 * state.load + 0.5 * actions.TOUCHES[done] / traits.need - traits.tolerance, 0.0)
    annoyed = effects.over_contact * np.minimum(over, 5.0) * (done != WorldAction.WAIT)
    return {
        "service_failure": -effects.failure_jump * sum(result["failures"].values()),
        "complaint": effects.resolution_jump * result["resolved"]
        - effects.complaint_jump * result["complaint"]
        - 0.05 * waiting,
        "broken_promise": 0.06 * result["promise_kept"] - effects.promise_jump * result["promise_broken"],
        "no_response": effects.problem_help * result["solved"] - 0.03 * state.problem,
        "competitor": -effects.courting_drag * (state.courted != NONE),
        "slow_moving": -0.02 * state.slow,
        "pressure": -effects.stuffing_jump * (result["stuffed"] > 0) - annoyed,
        "price_policy": -effects.price_jump * traits.price_sense * week.price_rise,
        "rep_change": -effects.rep_left_jump * week.rep_left,
        "neglect": effects.plain_help * ((done == WorldAction.HELP_OFFER) & ~needed),
    }


def hazard(effects: WorldEffects, state: WorldState, week: int) -> Floats:
    """Return the probability of silently stopping at the end of the week."""
    relative = np.exp(
        -effects.hazard_weight * mood(state)
        + effects.grievance_hazard * state.grievance
        + sum(pushes(effects, state, week).values())
    )
    return np.asarray(np.minimum(effects.base_hazard * relative, MOST_HAZARD), dtype=np.float64)


def pushes(effects: WorldEffects, state: WorldState, week: int) -> dict[str, Floats]:
    """Return what an episode adds to the log hazard while it lasts, by driver."""
    ignored = (state.complaint != NONE) & (week - state.complaint > IGNORED_WEEKS)
    return {
        "competitor": effects.courting_hazard * (state.courted != NONE) * np.exp(-0.25 * state.closeness),
        "complaint": effects.complaint_hazard * ignored,
        "account_cash": effects.cash_hazard * (state.overdue != NONE),
        "waking": effects.waking_hazard * state.wake,
    }
