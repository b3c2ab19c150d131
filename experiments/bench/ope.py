"""Off-policy evaluation in the world: coverage, widths, refusals; on the Open Bandit logs where they are."""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from experiments.studies.off_policy.coverage import CoverageCounts, measure_coverage, refused_when_thin
from experiments.studies.off_policy.open_bandit import both_ways
from experiments.studies.off_policy.pilot_weeks import arrive
from experiments.studies.off_policy.rollout_log import RolloutLog
from experiments.studies.off_policy.target_policies import BEST, OURS, targets_of
from experiments.world.world import SizeShape, build_world
from kqml.errors import CouldNot
from models.evaluation.off_policy.estimators import NAMES, POOLED
from models.evaluation.off_policy.targets import PLAYBOOK

REFERENCE_ROWS = 104_000
"""Randomised rows of the reference log (20,000 accounts × 26 weeks × .2); here 11 weeks × .48."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Size, number of worlds and of runs in each."""
    parser.add_argument("--accounts", type=int, default=20_000)
    parser.add_argument("--worlds", type=int, default=2)
    parser.add_argument("--runs", type=int, help="logs in each world; 50, or 100 where quick")
    parser.add_argument("--week", type=int, default=60, help="the log's first week")
    parser.add_argument("--weeks", type=int, default=11, help="weeks of the log")
    parser.add_argument("--every", type=int, default=2, help="weeks from one of them to the next")
    parser.add_argument("--share", type=float, default=0.48, help="share of accounts that a week of the log draws")
    parser.add_argument("--paths", type=int, default=8, help="paths of the truth")
    parser.add_argument("--quick", action="store_true", help="4,000 accounts, one world")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Each world's log is drawn and lived `runs` times; each time it is asked about every target."""
    begun = time.perf_counter()
    accounts, worlds, runs = (4_000, 1, 100) if args.quick else (args.accounts, args.worlds, 50)
    runs = args.runs or runs
    seen: list[CoverageCounts] = []
    result, thin = [], []
    for seed in range(args.seed, args.seed + worlds):
        world = build_world(SizeShape(accounts, accounts // 50, args.week + args.every * args.weeks + 20), seed)
        weeks = range(args.week, args.week + args.every * args.weeks, args.every)
        log = RolloutLog(arrive(world, weeks, args.share, args.paths))
        targets = targets_of(log, world.playbook)
        results = [one for each in _describe(measure_coverage(log, targets, range(runs)), begun) for one in each]
        seen += results
        result.append({"world": world.hash, "seed": seed, **_world(log, targets, results)})
        thin.append(refused_when_thin(log, targets, range(1)))
    keys = ("week", "weeks", "every", "share", "paths", "seed")
    parameters = {"accounts": accounts, "worlds": worlds, "runs": runs, **{key: getattr(args, key) for key in keys}}
    return {
        "parameters": parameters,
        **_summary(seen),
        "refused_when_thin": float(np.mean(thin)),
        "worlds": result,
        "open_bandit": _bandit(),
        "seconds": time.perf_counter() - begun,
    }


def _describe(runs: Iterator[list[CoverageCounts]], begun: float) -> Iterator[list[CoverageCounts]]:
    """Tells after each run how it stands."""
    so_far: list[CoverageCounts] = []
    for number, result in enumerate(runs, start=1):
        so_far += result
        details = _summary(so_far)
        sys.stderr.write(
            f"{time.perf_counter() - begun:.0f} s, run {number}: coverage {details['coverage']:.3f}, half-width "
            f"{details['half_width']:.1f} beside ours minus playbook {details['ours_minus_playbook']:.1f}\n"
        )
        yield result


def _summary(seen: list[CoverageCounts]) -> dict[str, Any]:
    """`coverage`: of the headline's intervals for the value less the playbook's, over all targets but the playbook;
    `half_width`: theirs for ours; `ours_minus_playbook`: what it is to be compared with, the true worth per account of
    one week of our policy beside one of the playbook's. All of them per account and week's decision, in money over 13
    weeks."""
    retained = [one for one in seen if not one.refused]
    ours = [one for one in retained if one.target == OURS]
    return {
        "coverage": _share([one.difference[one.headline].covers for one in retained]),
        "refused": _share([one.refused for one in seen]),
        "half_width": _middle([one.difference[one.headline].half_width for one in ours]),
        "ours_minus_playbook": _mean([one.truth for one in ours]),
        "rows": _mean([float(one.rows) for one in seen]),
        "value_coverage": _share([result.covers for one in retained for result in one.value.values()]),
        "estimators": {name: _estimator(retained, name) for name in (POOLED, *NAMES)},
        "targets": {name: _target(seen, name) for name in sorted({one.target for one in seen})},
    }


def _estimator(retained: list[CoverageCounts], name: str) -> dict[str, float]:
    """Over all targets; `half_width`: of ours."""
    results = [(one.target, one.difference[name]) for one in retained if name in one.difference]
    return {
        "coverage": _share([one.covers for _, one in results]),
        "half_width": _middle([one.half_width for target, one in results if target == OURS]),
        "value_coverage": _share([one.value[name].covers for one in retained if name in one.value]),
    }


def _target(seen: list[CoverageCounts], name: str) -> dict[str, Any]:
    """`bias`, `error`: mean and root mean square of the headline's distance from the truth. `half_width_at_reference`:
    the width if the rows were those of the reference log, by the square root of rows."""
    all_runs = [one for one in seen if one.target == name]
    results = [one.difference[one.headline] for one in all_runs if not one.refused]
    errors = [one.error for one in results]
    rows = _mean([float(one.rows) for one in all_runs])
    width = _middle([one.half_width for one in results])
    return {
        "runs": len(all_runs),
        "refused": _share([one.refused for one in all_runs]),
        "difference": _mean([one.truth for one in all_runs]),
        "coverage": _share([one.covers for one in results]),
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
    """The truth that the intervals were held against; its error is that of mean effects over independent accounts."""
    truths = {name: float((probabilities * log.truth).sum(axis=1).mean()) for name, probabilities in targets.items()}
    errors = [np.sqrt((point.effect_error**2).mean(axis=0) / len(point.who)) for point in log.decision_points]
    ours = [one for one in result if one.target == OURS and not one.refused]
    return {
        "rows": _mean([float(one.rows) for one in result]),
        "truth": truths,
        "gain_of_the_oracle": truths[BEST] - truths[PLAYBOOK],
        "ours_minus_playbook": truths[OURS] - truths[PLAYBOOK],
        "half_width": _middle([one.difference[one.headline].half_width for one in ours]),
        "largest_error_of_a_true_effect": float(np.max(errors)),
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
        f"{size['runs']} logs of {result['rows']:,.0f} rows in each of {size['worlds']} worlds of {size['accounts']:,} "
        f"accounts: coverage {result['coverage']:.1%}, refused {result['refused']:.1%}, half-width "
        f"{result['half_width']:.1f} beside ours minus playbook {result['ours_minus_playbook']:.1f}"
    ]
    lines += [
        f"  {name:<17}{one['difference']:8.1f}: {one['coverage']:.1%} ± {one['half_width']:.1f}"
        for name, one in result["targets"].items()
    ]
    for one in result["open_bandit"] or []:
        clicks = None if one["refused"] else one["values"]["doubly_robust"]
        message = f"{clicks['value']:.4f} (own log {one['own_log']:.4f})" if clicks else "refused"
        lines.append(f"  open bandit {one['campaign']}: {one['target']} from {one['log']}: {message}")
    return lines
