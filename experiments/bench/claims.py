"""Whether plans claim no more than they are worth: coverage, claimed ÷ true, false claims, in the simulated world."""

import argparse
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from experiments.studies.claims.claimed_plans import ClaimedPlan, claimed_plans, without_effects
from experiments.world.world import SizeShape, World, build_world
from models.policy.planning.learned_state import LEAST_PRECISION

CERTAIN = 3.0
"""Standard errors by which the sum of the truth exceeds zero before anything is divided by it."""

DRAWS = 2000
FIRST_SEED = 400
"""Worlds that neither the learner nor the claims were tuned on."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Size, number of worlds and of logs in each."""
    parser.add_argument("--accounts", type=int, default=4_000)
    parser.add_argument("--worlds", type=int, default=10)
    parser.add_argument("--weeks", type=int, nargs="+", default=[3, 8, 26], help="weeks of a log, size by size")
    parser.add_argument("--logs", type=int, nargs="+", default=[14, 4, 2], help="logs of each size in each world")
    parser.add_argument("--no-effect-worlds", type=int, default=5, help="worlds whose actions have no effect")
    parser.add_argument("--no-effect-logs", type=int, default=6, help="logs of the largest size in each of these")
    parser.add_argument("--paths", type=int, default=16, help="paths of the truth")
    parser.add_argument("--quick", action="store_true", help="1,500 accounts, three worlds, logs of three weeks")
    parser.add_argument("--seed", type=int, default=FIRST_SEED)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Make a plan from every log of every world, of the usual ones and of those whose actions have no effect."""
    begun = time.perf_counter()
    accounts, worlds, logs = args.accounts, args.worlds, list(zip(args.weeks, args.logs, strict=True))
    no_effect_worlds, no_effect_logs = args.no_effect_worlds, [(max(args.weeks), args.no_effect_logs)]
    if args.quick:
        accounts, worlds, logs, no_effect_worlds, no_effect_logs = 1_500, 2, [(3, 3)], 1, [(3, 2)]
    built = [
        build_world(SizeShape(accounts, max(accounts // 50, 1), 110 + 2 * max(args.weeks)), seed)
        for seed in range(args.seed, args.seed + worlds + no_effect_worlds)
    ]

    def plans_of(some: Sequence[World], lengths: Sequence[tuple[int, int]]) -> list[ClaimedPlan]:
        plans = []
        for world in some:
            for plan in claimed_plans(world, lengths, args.paths):
                plans.append(plan)
                note = f"{time.perf_counter() - begun:.0f} s, world {world.seed}, {plan.rows} rows: {_line(plan)}\n"
                sys.stderr.write(note)
        return plans

    plans = plans_of(built[:worlds], logs)
    no_effect = plans_of([without_effects(world) for world in built[worlds:]], no_effect_logs)
    sizes = sorted({weeks for weeks, _ in logs})
    number = [weeks for weeks, count in logs for _ in range(count)] * worlds
    return {
        "parameters": {
            "accounts": accounts,
            "worlds": worlds,
            "logs": [list(pair) for pair in logs],
            "no_effect_worlds": no_effect_worlds,
            "no_effect_logs": [list(pair) for pair in no_effect_logs],
            "paths": args.paths,
            "seed": args.seed,
            "least_precision": LEAST_PRECISION,
        },
        "worlds": {str(world.seed): world.hash for world in built},
        "all": summary(plans),
        "sizes": [summary([p for p, own in zip(plans, number, strict=True) if own == size]) for size in sizes],
        "no_effect": summary(no_effect),
        "plans": [asdict(plan) for plan in (*plans, *no_effect)],
        "seconds": time.perf_counter() - begun,
    }


def summary(plans: Sequence[ClaimedPlan]) -> dict[str, Any]:
    """`coverage`: share of the intervals that hold the truth; `ratio`: Σ claimed ÷ Σ true, `guess_ratio`: Σ predicted ÷
    Σ true, None where Σ true is not CERTAIN; intervals by drawing worlds. `false_claims`: plans worth nothing for
    which money is claimed; `overclaimed`: claims shown whose lower bound exceeds the truth."""
    worthless = [plan for plan in plans if plan.true <= 0]
    shown = [plan for plan in plans if plan.shown]
    true, error = sum(plan.true for plan in plans), float(np.sqrt(sum(plan.error**2 for plan in plans)))
    certain = true > CERTAIN * error
    return {
        "plans": len(plans),
        "rows": float(np.mean([plan.rows for plan in plans])),
        "precision": float(np.mean([plan.precision for plan in plans])),
        "coverage": by_world(plans, lambda some: float(np.mean([plan.covers for plan in some]))),
        "half_width": float(np.median([(plan.high - plan.low) / 2 for plan in plans])),
        "true": true / len(plans),
        "ratio": by_world(plans, lambda some: _ratio(some, "value")) if certain else None,
        "guess_ratio": by_world(plans, lambda some: _ratio(some, "guess")) if certain else None,
        "worthless": len(worthless),
        "false_claims": sum(plan.shown for plan in worthless),
        "shown": len(shown),
        "overclaimed": sum(plan.low > plan.true for plan in shown),
    }


def by_world(plans: Sequence[ClaimedPlan], figure: Callable[[Sequence[ClaimedPlan]], float]) -> dict[str, float]:
    """A figure with its 95 % interval from drawing whole worlds again (cluster bootstrap)."""
    groups = [[plan for plan in plans if plan.seed == seed] for seed in dict.fromkeys(plan.seed for plan in plans)]
    random = np.random.default_rng(0)
    drawn = [
        figure([plan for drawn_world in random.integers(0, len(groups), len(groups)) for plan in groups[drawn_world]])
        for _ in range(DRAWS)
    ]
    low, high = np.quantile(drawn, (0.025, 0.975))
    return {"value": figure(plans), "low": float(low), "high": float(high)}


def _ratio(plans: Sequence[ClaimedPlan], name: str) -> float:
    return float(sum(getattr(plan, name) for plan in plans) / sum(plan.true for plan in plans))


def _line(plan: ClaimedPlan) -> str:
    shown = "shown" if plan.shown else "not shown"
    return f"{plan.value:,.0f} ({plan.low:,.0f} to {plan.high:,.0f}), {shown}, truth {plan.true:,.0f}"


def render(result: Mapping[str, Any]) -> list[str]:
    """The figures as lines for a person."""
    names = ["all", *(f"{figures['rows']:,.0f} rows" for figures in result["sizes"]), "actions without effect"]
    lines = []
    for name, figures in zip(names, (result["all"], *result["sizes"], result["no_effect"]), strict=True):
        coverage, ratio = figures["coverage"], figures["ratio"]
        claimed = "–" if ratio is None else f"{ratio['value']:.2f} ({ratio['low']:.2f}–{ratio['high']:.2f})"
        lines.append(
            f"{name}: {figures['plans']} plans, coverage {coverage['value']:.1%} "
            f"({coverage['low']:.1%}–{coverage['high']:.1%}), claimed ÷ true {claimed}, {figures['shown']} shown, "
            f"{figures['overclaimed']} too high, {figures['false_claims']} claims of {figures['worthless']} worthless"
        )
    return lines
