"""Allocating a week of a large company: seconds, proven gap, broken rules."""

import argparse
import time
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from kqml.playbook import read_playbook
from kqml.playbook.codes import TIERS
from models.policy.allocation.allocation import Allocation, allocate, violations
from models.policy.allocation.cadence import no_floors, with_floors
from models.policy.allocation.problem import NOT_BOOKED, Actions, AllocationProblem
from models.policy.exploration.randomisation import draw_exploration
from models.policy.exploration.week import decide_week

CHANNELS = 3
EFFECT = np.array([0.0, 6.0, 12.0, 45.0, 70.0, 65.0])
"""Middle of what an action gains before its costs, by its index in the preset playbook."""

MINUTE = 0.5
"""What a minute costs."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the size of the company and the ratio of cadence to hours."""
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--reps", type=int, default=2_000)
    parser.add_argument("--room", type=float, default=0.7, help="hours as a share of the playbook's")
    parser.add_argument("--floors", type=float, default=0.5, help="share of the contacts due that each tier must get")
    parser.add_argument(
        "--epsilon", type=float, default=0.0, help="share of accounts that explore; re-solved if above 0"
    )
    parser.add_argument("--quick", action="store_true", help="a twentieth of the size")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Allocate the week once; `probability_seconds` includes the propensity of every explorer."""
    scale = 20 if args.quick else 1
    accounts, reps = args.accounts // scale, max(1, args.reps // scale)
    problem = draw_week(accounts, reps, args.room, args.floors, args.seed)
    begun = time.perf_counter()
    result = allocate(problem)
    seconds = time.perf_counter() - begun
    parameters = {
        "accounts": accounts,
        "reps": reps,
        "room": args.room,
        "floors": args.floors,
        "epsilon": args.epsilon,
        "seed": args.seed,
    }
    return {
        "parameters": parameters,
        **_describe(problem, result, seconds),
        **_explored(problem, args.epsilon, args.seed),
    }


def _describe(problem: AllocationProblem, result: Allocation, seconds: float) -> dict[str, Any]:
    broken = violations(problem, result)
    visit = problem.actions.cost[problem.actions.names.index("visit")]
    return {
        "seconds": seconds,
        "gap": result.gap,
        "violations": sum(broken.values()),
        "broken": broken,
        "largest_gap_of_a_rep": float(((result.bound - result.worth) / np.maximum(np.abs(result.bound), 1.0)).max()),
        "worth": float(result.worth.sum()),
        "exact_reps": float(result.exact.mean()),
        "overflowing_reps": float(result.overflows.mean()),
        "median_slot_price": float(np.median(result.slot_price(visit))),
    }


def _explored(problem: AllocationProblem, epsilon: float, seed: int) -> dict[str, Any]:
    if epsilon <= 0:
        return {}
    draws = np.random.default_rng([seed, 1]).random((2, len(problem)))
    free = ~problem.must
    begun = time.perf_counter()
    week = decide_week(problem, draw_exploration(problem.allowed, np.where(free, epsilon, 0.0), draws[0], draws[1]))
    seconds = time.perf_counter() - begun
    return {
        "probability_seconds": seconds,
        "explorers": int(week.explored.sum()),
        "evaluable": float(week.evaluable.mean()),
    }


def render(result: Mapping[str, Any]) -> list[str]:
    """Return two lines of text."""
    size = result["parameters"]
    lines = [
        f"{size['accounts']:,} accounts, {size['reps']:,} reps: {result['seconds']:.1f} s, gap {result['gap']:.3%}, "
        f"{result['violations']} rules broken, {result['exact_reps']:.0%} of the reps as integer programmes"
    ]
    if "probability_seconds" in result:
        lines.append(f"with the chances of {result['explorers']:,} explorers: {result['probability_seconds']:.1f} s")
    return lines


def draw_week(accounts: int, reps: int, room: float, floors: float, seed: int) -> AllocationProblem:
    """Return a random week of the preset playbook; effects differ between accounts and actions, and contacts harm some
    accounts."""
    random, playbook = np.random.default_rng(seed), read_playbook()
    actions = Actions.of(playbook)
    shape = (accounts, len(actions.names))
    rep, tier = np.sort(random.integers(0, reps, accounts)), random.choice(3, accounts, p=[0.15, 0.35, 0.5])
    size = np.array([3.0, 1.5, 0.7])[tier]
    liking = random.normal(1.0, 1.2, (accounts, 1)) + random.normal(0.0, 0.5, shape)
    net = liking * size[:, None] * EFFECT - actions.cost[:, 0] * MINUTE - actions.cost[:, 2]
    net[:, 0] = 0.0
    allowed = random.random(shape) > 0.05
    allowed[:, 0] = True
    allowed[:, -1] &= tier < 2
    fulfils = np.zeros(shape, dtype=bool)
    fulfils[:, 3:] = (random.random(accounts) < 0.03)[:, None]
    target = np.array([[row[channel] for channel in ("visit", "call", "message")] for row in playbook.cadence.values()])
    due = np.floor(target[tier] * 7 / 30.44 + random.random((accounts, CHANNELS)))
    rule = playbook.rep
    hours = np.array([rule.minutes_per_week, rule.stops_per_week, rule.budget_per_week])
    problem = AllocationProblem(
        actions=actions,
        rep=rep,
        tier=tier,
        net_value=net,
        allowed=allowed,
        fulfils=fulfils,
        booked=np.full(accounts, NOT_BOOKED),
        due=due,
        shortfall_cost=np.array([[20.0, 6, 3], [12, 4, 2], [6, 2, 1]])[tier],
        capacity=np.tile(hours * room, (reps, 1)),
        floor=no_floors(reps),
    )
    return with_floors(problem, replace(playbook, cadence_floor=dict.fromkeys(TIERS, floors)))
