"""CATE learners on three logs of the simulated world, against the true effects."""

import argparse
import time
from collections.abc import Mapping
from typing import Any

from experiments.studies.uplift.accuracy import ceiling_of, measure_learner
from experiments.studies.uplift.learners import LEARNERS, need_econml
from experiments.studies.uplift.world_logs import PATHS, WARM_UP, StudyLog, study_log
from experiments.world.population import SizeShape
from experiments.world.truth import HORIZON
from experiments.world.world import build_world

LOGS = {"randomised": "reference", "recorded": "behaviour", "hidden": "hidden"}
"""Name in the result → log of the world: drawn actions; reps alone, all recorded; reps alone, some of it hidden."""

FULL, QUICK = (20_000, 13, 60_000), (6_000, 8, 20_000)
"""Accounts, weeks of the log, most rows of a log without draws."""

SHARE = 0.25


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--quick", action="store_true", help="one small world, in ten minutes")
    parser.add_argument("--accounts", type=int, help="how many accounts instead")
    parser.add_argument("--weeks", type=int, help="how many weeks of the log instead")
    parser.add_argument("--seed", type=int, default=0, help="the world's seed")
    parser.add_argument("--logs", default=",".join(LOGS), help="only these logs")
    parser.add_argument("--learners", default=",".join(LEARNERS), help="only these learners")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure each learner on each log: rows of one world, one seed."""
    usual = QUICK if args.quick else FULL
    accounts, weeks, limit = args.accounts or usual[0], args.weeks or usual[1], usual[2]
    learners = args.learners.split(",")
    if any(name.startswith("econml") for name in learners):
        need_econml()
    rows: list[dict[str, Any]] = []
    worlds, ceiling = {}, {}
    for name in args.logs.split(","):
        world = build_world(SizeShape(accounts, max(accounts // 50, 1), WARM_UP + weeks + HORIZON + 1), args.seed)
        log = study_log(world, LOGS[name], weeks, SHARE, limit)
        worlds[name] = log.world
        ceiling[name] = ceiling_of(log.sample, log.true, log.error)
        rows += [{"log": name, "learner": learner, **_measured(learner, log)} for learner in learners]
    return {
        "parameters": {"accounts": accounts, "weeks": weeks, "seed": args.seed, "quick": args.quick},
        "world": worlds,
        "basis": {name: "randomised" if name == "randomised" else "observational" for name in worlds},
        "kappa": "behaviour",
        "truth_paths": PATHS,
        "ceiling": ceiling,
        "rows": rows,
    }


def _measured(learner: str, log: StudyLog) -> dict[str, Any]:
    began = time.perf_counter()
    learned = LEARNERS[learner](log.sample, log.situation)
    seconds = time.perf_counter() - began
    assessment = measure_learner(learned, log.true, log.error, log.sample.eligible)
    return {"n": len(log.sample), "seconds": seconds, **assessment}


def render(result: Mapping[str, Any]) -> list[str]:
    head = "log         learner               corr  sign error  coverage  half-width      bias  known  seconds"
    lines = [
        f"{row['log']:11} {row['learner']:20} {row['corr']:5.2f} {row['sign_error']:11.2f} "
        f"{row['group_coverage']:9.2f} {row['half_width']:11.0f} {row['bias']:9.0f} {row['known']:6.2f} "
        f"{row['seconds']:8.1f}"
        for row in result["rows"]
    ]
    most = [
        f"{name}: trees fitted to the truth reach corr {ceiling['corr']:.2f}, sign error {ceiling['sign_error']:.2f}"
        for name, ceiling in result["ceiling"].items()
    ]
    return [head, *lines, *most]
