"""Policies simulated in the world: the share of the observable oracle's gain over the playbook that each achieves."""

import argparse
import sys
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.studies.policy.rollout import ORACLE, Stage, parts_of
from experiments.studies.policy.runs import RolloutRun, run_worlds
from experiments.studies.policy.shares import curve, gains_of, share_of_oracle
from experiments.world.scenarios import SCENARIOS

SEAT = 50
"""Accounts of a rep."""

REFERENCE = {
    "pilot_20": Stage(104, 26, 26, 0.2, (15 / 104, 50 / 104, 1.0), full_oracle=True),
    "pilot_48": Stage(104, 26, 26, 0.48),
    "pilot_48_long": Stage(104, 104, 26, 0.48, look_every=26),
}
"""The sizes of the curve: about 15k, 50k, 104k randomised rows; 250k; 1M, in 20,000 accounts."""

QUICK = {"pilot_48": Stage(60, 26, 13, 0.48, (0.25, 1.0), full_oracle=True)}
IN_SCENARIO = Stage(104, 26, 26, 0.48)
QUICK_IN_SCENARIO = Stage(40, 20, 9, 0.48, look_every=20)


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the number and size of worlds, scenarios and processes."""
    parser.add_argument("--quick", action="store_true", help="one small world, in ten minutes")
    parser.add_argument("--accounts", type=int, help="of a world: default 20,000")
    parser.add_argument(
        "--rollout-accounts", type=int, help="accounts in the rollouts (default 5,000); all are in the pilot"
    )
    parser.add_argument("--worlds", type=int, help="default 10")
    parser.add_argument("--stages", nargs="+", choices=list(REFERENCE), help="only these pilots of the curve")
    parser.add_argument("--scenarios", nargs="*", choices=SCENARIOS, help="default all")
    parser.add_argument("--scenario-accounts", type=int, help="of a scenario's world: default 5,000")
    parser.add_argument("--scenario-worlds", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0, help="of the first world")
    parser.add_argument("--jobs", type=int, default=2, help="worlds simulated at once, each in its own process")
    parser.add_argument(
        "--keep", type=Path, help="folder of simulated worlds; a world that is there is not simulated again"
    )


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Simulate every world under every policy; shares are of net margin (margin less minutes and money)."""
    begun = time.perf_counter()
    size = _size(args)
    stages = QUICK if args.quick else {name: REFERENCE[name] for name in args.stages or REFERENCE}
    scenarios = SCENARIOS if args.scenarios is None else tuple(args.scenarios)
    seeds = range(args.seed, args.seed + size["worlds"])
    seats = max(size["lived"] // SEAT, 2)
    own = [
        RolloutRun(name, replace(stage, seats=seats), size["accounts"], seed)
        for name, stage in stages.items()
        for seed in seeds
    ]
    of_scenarios = [
        RolloutRun(name, QUICK_IN_SCENARIO if args.quick else IN_SCENARIO, size["scenario_accounts"], seed, (name,))
        for name in scenarios
        for seed in range(args.seed, args.seed + size["scenario_worlds"])
    ]
    whole = sum(len(parts_of(rollout_run.stage)) for rollout_run in (*own, *of_scenarios))
    rollout = run_worlds([*own, *of_scenarios], args.jobs, args.keep, lambda done: _tell(done, whole, begun))
    result = {
        name: _describe([rollout_run for rollout_run in own if rollout_run.name == name], rollout) for name in stages
    }
    points = {key: value for name in stages for key, value in result[name]["curve"].items()}
    largest = points[max(points, key=int)]
    return {
        "parameters": {**size, "stages": "-".join(stages), "seed": args.seed},
        **{key: largest[key] for key in ("share_of_oracle", "low", "high", "best_simple")},
        "curve": dict(sorted(points.items(), key=lambda item: int(item[0]))),
        "stages": result,
        "scenarios": {
            name: _describe([rollout_run for rollout_run in of_scenarios if rollout_run.name == name], rollout)
            for name in scenarios
        },
        "world": sorted({rollout[rollout_run].world for rollout_run in rollout}),
        "kappa": "playbook",
        "seconds": time.perf_counter() - begun,
    }


def _size(args: argparse.Namespace) -> dict[str, int]:
    usual = (1_500, 1_500, 1, 600) if args.quick else (20_000, 5_000, 10, 5_000)
    request = (args.accounts, args.rollout_accounts, args.worlds, args.scenario_accounts)
    accounts, rollout, worlds, in_scenario = (given or default for given, default in zip(request, usual, strict=True))
    return {
        "accounts": accounts,
        "lived": min(rollout, accounts),
        "worlds": worlds,
        "scenario_accounts": in_scenario,
        "scenario_worlds": args.scenario_worlds,
    }


def _tell(done: int, whole: int, begun: float) -> None:
    sys.stderr.write(f"{done} of {whole} parts of worlds lived: {time.perf_counter() - begun:.0f} s\n")


def _describe(runs: list[RolloutRun], rollout: Mapping[RolloutRun, Any]) -> dict[str, Any]:
    """Return the results of the worlds of one stage or scenario."""
    outcomes = [rollout[run].outcome for run in runs]
    gains = gains_of(outcomes, SEAT)
    stage = runs[0].stage
    return {
        "pilot_weeks": stage.pilot,
        "share": stage.share,
        "policy_weeks": stage.policy,
        "worlds": len(runs),
        "curve": curve(outcomes, gains),
        "policies": {name: share_of_oracle(gain, gains[ORACLE]) for name, gain in gains.items()},
    }


def render(result: Mapping[str, Any]) -> list[str]:
    """Return the curve, the policies of each pilot and the scenarios as lines of text."""
    lines = ["rows        share of the oracle     best simple"]
    lines += [f"{int(rows):>9,}  {_share(row)}  {row['best_simple']:.2f}" for rows, row in result["curve"].items()]
    for name, details in result["stages"].items():
        lines.append(f"{name}, {details['worlds']} worlds")
        best = sorted(details["policies"].items(), key=lambda item: -item[1]["gain"])
        lines += [
            f"  {policy:<20}{_share(row)}, gain {row['gain']:,.0f} ± {row['gain_half_width']:,.0f}"
            for policy, row in best
        ]
    for name, details in result["scenarios"].items():
        for rows, row in details["curve"].items():
            lines.append(f"{name:<20}{_share(row)}  best simple {row['best_simple']:.2f}, {int(rows):,} rows")
    return lines


def _share(row: Mapping[str, float]) -> str:
    return f"{row['share_of_oracle']:6.2f} ({row['low']:.2f} to {row['high']:.2f})"
