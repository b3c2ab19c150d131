"""Off-policy evaluation in the simulated world (coverage, width, refusals) and on the Open Bandit logs if present."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from experiments.studies.off_policy.coverage import CoverageCounts, measure_coverage, refused_when_thin
from experiments.studies.off_policy.moving_week import MovingWeek, logged_policies
from experiments.studies.off_policy.open_bandit import both_ways
from experiments.studies.off_policy.pilot_weeks import DecisionPoint, arrive
from experiments.studies.off_policy.rollout_log import RolloutLog
from experiments.studies.off_policy.target_policies import BEST, OURS, targets_of
from experiments.world.control import Pilot
from experiments.world.world import SizeShape, World, build_world
from kqml.errors import CouldNot
from models.evaluation.off_policy.estimators import NAMES, POOLED
from models.evaluation.off_policy.targets import PLAYBOOK

REFERENCE_ROWS = 104_000
"""Randomised rows of the reference log (20,000 accounts × 26 weeks × .2); here 11 weeks × .48."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the size, and the number of worlds and of runs in each."""
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--runs", type=int, help="logs in each world; 50, or 100 where quick")
    parser.add_argument("--week", type=int, default=60, help="the log's first week")
    parser.add_argument("--weeks", type=int, default=11, help="weeks of the log")
    parser.add_argument("--every", type=int, default=2, help="weeks from one of them to the next")
    parser.add_argument("--share", type=float, default=0.48, help="share of accounts that a week of the log draws")
    parser.add_argument("--paths", type=int, default=8, help="paths of the truth")
    parser.add_argument(
        "--moving",
        choices=["recorded", "overwritten"],
        help="required visits replace Monday's actions, next actions are drawn in mid-week; the log holds Monday's "
        "actions as recorded, or overwritten, which is wrong",
    )
    parser.add_argument("--quick", action="store_true", help="4,000 accounts, one world")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Simulate each world's log `runs` times and evaluate every target each time."""
    begun = time.perf_counter()
    accounts, worlds, runs = (4_000, 1, 100) if args.quick else (args.accounts, args.worlds, 50)
    runs = args.runs or runs
    results_of_runs: list[CoverageCounts] = []
    result, thin = [], []
    for seed in range(args.seed, args.seed + worlds):
        world = build_world(SizeShape(accounts, accounts // 50, args.week + args.every * args.weeks + 20), seed)
        weeks = range(args.week, args.week + args.every * args.weeks, args.every)
        log = RolloutLog(_arrive(world, weeks, args))
        targets = targets_of(log, world.playbook)
        results = [count for batch in _describe(measure_coverage(log, targets, range(runs)), begun) for count in batch]
        results_of_runs += results
        result.append({"world": world.hash, "seed": seed, **_world(log, targets, results)})
        thin.append(refused_when_thin(log, targets, range(1)))
    keys = ("week", "weeks", "every", "share", "paths", "seed")
    parameters = {"accounts": accounts, "worlds": worlds, "runs": runs, **{key: getattr(args, key) for key in keys}}
    parameters |= {"moving": args.moving} if args.moving else {}
    return {
        "parameters": parameters,
        **_summary(results_of_runs),
        "refused_when_thin": float(np.mean(thin)),
        "worlds": result,
        "open_bandit": _bandit(),
        "seconds": time.perf_counter() - begun,
    }


def _arrive(world: World, weeks: range, args: argparse.Namespace) -> list[DecisionPoint]:
    monday = Pilot(args.share)
    if not args.moving:
        return arrive(world, weeks, monday, args.paths)
    logged = logged_policies(monday, overwritten=args.moving == "overwritten")
    return arrive(world, weeks, MovingWeek(monday), args.paths, logged=logged)


def _describe(runs: Iterator[list[CoverageCounts]], begun: float) -> Iterator[list[CoverageCounts]]:
    """Report progress after each run."""
    so_far: list[CoverageCounts] = []
    for number, result in enumerate(runs, start=1):
        so_far += result
        details = _summary(so_far)
        sys.stderr.write(
            f"{time.perf_counter() - begun:.0f} s, run {number}: coverage {details['coverage']:.3f}, half-width "
            f"{details['half_width']:.1f} beside ours minus playbook {details['ours_minus_playbook']:.1f}\n"
        )
        yield result


def _summary(runs: list[CoverageCounts]) -> dict[str, Any]:
    """Return the summary over all targets but the playbook.

    `coverage`: of the headline's intervals for the value less the playbook's. `half_width`: of our policy.
    `ours_minus_playbook`: the true difference of one week of our policy and one of the playbook. All per account and
    weekly decision, in money over 13 weeks.
    """
    retained = [run for run in runs if not run.refused]
    ours = [run for run in retained if run.target == OURS]
    return {
        "coverage": _share([run.difference[run.headline].covers for run in retained]),
        "refused": _share([run.refused for run in runs]),
        "half_width": _middle([run.difference[run.headline].half_width for run in ours]),
        "ours_minus_playbook": _mean([run.truth for run in ours]),
        "rows": _mean([float(run.rows) for run in runs]),
        "value_coverage": _share([result.covers for run in retained for result in run.value.values()]),
        "estimators": {name: _estimator(retained, name) for name in (POOLED, *NAMES)},
        "targets": {name: _target(runs, name) for name in sorted({run.target for run in runs})},
    }


def _estimator(retained: list[CoverageCounts], name: str) -> dict[str, float]:
    """Return the coverage over all targets; `half_width`: of our policy."""
    results = [(run.target, run.difference[name]) for run in retained if name in run.difference]
    return {
        "coverage": _share([run.covers for _, run in results]),
        "half_width": _middle([run.half_width for target, run in results if target == OURS]),
        "value_coverage": _share([run.value[name].covers for run in retained if name in run.value]),
    }


def _target(runs: list[CoverageCounts], name: str) -> dict[str, Any]:
    """Return the figures of a target.

    `bias`, `error`: mean and root mean square of the headline's error. `half_width_at_reference`: half-width rescaled
    to the number of rows of the reference log by the square root of rows.
    """
    all_runs = [run for run in runs if run.target == name]
    results = [run.difference[run.headline] for run in all_runs if not run.refused]
    errors = [result.error for result in results]
    rows = _mean([float(run.rows) for run in all_runs])
    width = _middle([result.half_width for result in results])
    return {
        "runs": len(all_runs),
        "refused": _share([run.refused for run in all_runs]),
        "difference": _mean([run.truth for run in all_runs]),
        "coverage": _share([result.covers for result in results]),
        "bias": _mean(errors),
        "error": float(np.sqrt(_mean([error**2 for error in errors]))),
        "half_width": width,
        "half_width_at_reference": width * float(np.sqrt(rows / REFERENCE_ROWS)),
    }


def _mean(numbers: list[float]) -> float:
    return float(np.mean(numbers)) if numbers else float("nan")


def _middle(numbers: list[float]) -> float:
    return float(np.median(numbers)) if numbers else float("nan")


def _share(flags: list[bool]) -> float:
    return float(np.mean(flags)) if flags else float("nan")


def _world(log: RolloutLog, targets: Mapping[str, Any], result: list[CoverageCounts]) -> dict[str, Any]:
    """Return the truth that the intervals are compared with; its standard error is that of mean effects over
    independent accounts."""
    truths = {name: float((probabilities * log.truth).sum(axis=1).mean()) for name, probabilities in targets.items()}
    errors = [np.sqrt((point.effect_error**2).mean(axis=0) / len(point.who)) for point in log.decision_points]
    ours = [run for run in result if run.target == OURS and not run.refused]
    return {
        "rows": _mean([float(run.rows) for run in result]),
        "truth": truths,
        "gain_of_the_oracle": truths[BEST] - truths[PLAYBOOK],
        "ours_minus_playbook": truths[OURS] - truths[PLAYBOOK],
        "half_width": _middle([run.difference[run.headline].half_width for run in ours]),
        "largest_error_of_a_true_effect": float(np.max(errors)),
    }


def _bandit() -> list[dict[str, Any]] | None:
    try:
        return both_ways()
    except CouldNot:
        return None


def render(result: Mapping[str, Any]) -> list[str]:
    """Return the figures as lines of text."""
    size = result["parameters"]
    lines = [
        f"{size['runs']} logs of {result['rows']:,.0f} rows in each of {size['worlds']} worlds of {size['accounts']:,} "
        f"accounts: coverage {result['coverage']:.1%}, refused {result['refused']:.1%}, half-width "
        f"{result['half_width']:.1f} beside ours minus playbook {result['ours_minus_playbook']:.1f}"
    ]
    lines += [
        f"  {name:<17}{row['difference']:8.1f}: {row['coverage']:.1%} ± {row['half_width']:.1f}"
        for name, row in result["targets"].items()
    ]
    for row in result["open_bandit"] or []:
        clicks = None if row["refused"] else row["values"]["doubly_robust"]
        message = f"{clicks['value']:.4f} (own log {row['own_log']:.4f})" if clicks else "refused"
        lines.append(f"  open bandit {row['campaign']}: {row['target']} from {row['log']}: {message}")
    return lines
