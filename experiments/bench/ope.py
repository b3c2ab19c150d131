"""Off-policy evaluation in the world: coverage, widths, refusals; on the Open Bandit logs where they are."""

import argparse
import time
from collections.abc import Mapping
from typing import Any

import numpy as np

from experiments.offpolicy_study.coverage import BEST, Seen, judge, refused_when_thin, targets_at
from experiments.offpolicy_study.open_bandit import both_ways
from experiments.offpolicy_study.pilot_weeks import Crossroads, arrive
from experiments.world.world import Shape, build_world
from kqml.errors import CouldNot
from models.offpolicy.estimators import NAMES
from models.offpolicy.evaluation import HEADLINE
from models.offpolicy.targets import PLAYBOOK

REFERENCE_ROWS = 104_000
"""Randomised rows of the reference log (20,000 accounts × 26 weeks × .2)."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Size, number of worlds and of runs in each."""
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--runs", type=int, default=100, help="pilot weeks in each world")
    parser.add_argument("--week", type=int, default=60)
    parser.add_argument("--share", type=float, default=0.48, help="share of accounts that the pilot draws")
    parser.add_argument("--paths", type=int, default=32, help="paths of the truth")
    parser.add_argument("--quick", action="store_true", help="4,000 accounts, one world")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Each world's cutoff is lived `runs` times; each run's log is asked about every target."""
    begun = time.perf_counter()
    accounts, worlds = (4_000, 1) if args.quick else (args.accounts, args.worlds)
    seen: list[Seen] = []
    told = []
    for seed in range(args.seed, args.seed + worlds):
        world = build_world(Shape(accounts, accounts // 50, args.week + 20), seed)
        place = arrive(world, args.week, args.share, args.paths)
        found = [one for run_ in judge(place, world.playbook, range(args.runs)) for one in run_]
        seen += found
        told.append({"world": world.hash, "seed": seed, **_world(place, found)})
    thin = refused_when_thin(place, world.playbook, range(3))
    parameters = {"accounts": accounts, "worlds": worlds, "runs": args.runs, "share": args.share, "seed": args.seed}
    return {
        "parameters": parameters,
        **_summary(seen),
        "refused_when_thin": thin,
        "worlds": told,
        "open_bandit": _bandit(),
        "seconds": time.perf_counter() - begun,
    }


def _summary(seen: list[Seen]) -> dict[str, Any]:
    """`coverage`: of doubly robust intervals, for the value less the playbook's; `value_coverage`: for the value."""
    kept = [one for one in seen if not one.refused]
    compared = [one for one in kept if one.target != PLAYBOOK]
    return {
        "coverage": _share([one.difference[HEADLINE] for one in compared]),
        "value_coverage": _share([one.value[HEADLINE] for one in kept]),
        "refused": _share([one.refused for one in seen]),
        "half_width": _middle([one.width for one in compared]),
        "estimators": {
            name: {
                "coverage": _share([one.difference[name] for one in compared]),
                "value_coverage": _share([one.value[name] for one in kept]),
            }
            for name in NAMES
        },
        "targets": {name: _target(kept, name) for name in sorted({one.target for one in seen})},
    }


def _target(kept: list[Seen], name: str) -> dict[str, Any]:
    """`half_width_at_reference`: the width if the rows were those of the reference log, by the square root of rows."""
    mine = [one for one in kept if one.target == name]
    if not mine:
        return {"runs": 0}
    scaled = [one.width * np.sqrt(one.rows / REFERENCE_ROWS) for one in mine]
    return {
        "runs": len(mine),
        "coverage": _share([one.difference[HEADLINE] for one in mine]),
        "value_coverage": _share([one.value[HEADLINE] for one in mine]),
        "half_width": float(np.median([one.width for one in mine])),
        "half_width_at_reference": float(np.median(scaled)),
    }


def _middle(numbers: list[float]) -> float:
    return float(np.median(numbers)) if numbers else float("nan")


def _share(flags: list[bool]) -> float:
    return float(np.mean(flags)) if flags else float("nan")


def _world(place: Crossroads, found: list[Seen]) -> dict[str, Any]:
    """The truth that the intervals were held against."""
    targets = targets_at(place, place.simulation.world.playbook)
    truths = {name: float((chances * place.truth).sum(axis=1).mean()) for name, chances in targets.items()}
    error = np.sqrt((place.effect_error**2).mean(axis=0) / len(place.who))
    return {
        "rows": float(np.mean([one.rows for one in found])),
        "truth": truths,
        "gain_of_the_oracle": truths[BEST] - truths[PLAYBOOK],
        "largest_error_of_a_true_effect": float(error.max()),
    }


def _bandit() -> list[dict[str, Any]] | None:
    try:
        return both_ways()
    except CouldNot:
        return None


def render(result: Mapping[str, Any]) -> list[str]:
    """The figures as lines for a person."""
    size = result["parameters"]
    lines = [
        f"{size['runs']} runs in each of {size['worlds']} worlds of {size['accounts']:,} accounts: coverage "
        f"{result['coverage']:.1%} (values {result['value_coverage']:.1%}), refused {result['refused']:.1%}, "
        f"half-width {result['half_width']:.1f}"
    ]
    lines += [
        f"  {name:<17}{one.get('coverage', float('nan')):.1%} ± {one.get('half_width', float('nan')):.1f} "
        f"(at the reference log's size ± {one.get('half_width_at_reference', float('nan')):.1f})"
        for name, one in result["targets"].items()
    ]
    for one in result["open_bandit"] or []:
        told = "refused" if one["refused"] else f"{one['values'][HEADLINE]['value']:.4f} (own log {one['own_log']:.4f})"
        lines.append(f"  open bandit {one['campaign']}: {one['target']} from {one['log']}: {told}")
    return lines
