"""Churn of a simulated world: it can be learned, is not trivial, and depends on the drivers of the world."""

import argparse
import tempfile
import time
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from experiments.bench.world_churn.hidden_facts import facts_of, left_by_the_end, pictures_of
from experiments.bench.world_churn.model_accuracy import (
    GAP,
    QUICK,
    WEEKS,
    Effort,
    gain,
    left_alone,
    measure_model,
    mirrors,
    rows_of,
    split,
    training_set,
)
from experiments.bench.world_churn.reason_weights import drivers_of, sums_of
from experiments.world.population import SizeShape
from experiments.world.world import World, build_world
from experiments.world.writing import write_world
from features.training_set import TrainingSet
from kqml.dataset.folder import Dataset

GAPS = (0, GAP)
COIN_CHURN = 0.07
"""Share of accounts that leave in a year of the coin-flip world."""

QUICK_ACCOUNTS = 300


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", type=int, default=10_000, help="how many accounts; reps are one in fifty")
    parser.add_argument("--seed", type=int, default=0, help="the world's seed")
    parser.add_argument("--fit", default="stores", help="marginals of the orders: stores or vendor")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ACCOUNTS} accounts, few rounds: does it run?")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Simulate, measure by group and gap, ablate the interactions, compare each driver with its reason code."""
    accounts, effort = (QUICK_ACCOUNTS, QUICK) if args.quick else (args.accounts, Effort())
    world = build_world(SizeShape(accounts, max(accounts // 50, 1), WEEKS), args.seed, fit=args.fit)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        dataset, frames = write_world(world, Path(folder) / "world")
        simulated = time.perf_counter() - began
        measured = _measured(dataset, Path(folder) / "world" / "truth", effort)
        coin_flip = _measure_coin_flip(world, Path(folder), effort)
    return {
        "parameters": {"accounts": accounts, "seed": args.seed, "fit": args.fit},
        "world": world.hash,
        "simulate_seconds": simulated,
        "events": frames.events,
        "departures": sum(len(part) for part in frames.departures),
        **measured,
        "coin_flip": coin_flip,
    }


def _measured(dataset: Dataset, truth: Path, effort: Effort) -> dict[str, Any]:
    result: dict[str, Any] = {"rows": []}
    for gap in GAPS:
        rows = training_set(dataset, gap)
        both, orders = measure_model(rows, None, effort), measure_model(rows, mirrors(rows.columns), effort)
        result["rows"] += [*rows_of(both, gap, "all", effort), *rows_of(orders, gap, "orders", effort)]
        if gap == GAP:
            left = left_by_the_end(rows, both.examples, truth)
            result |= {
                "left": left_alone(both, left, effort),
                "ablation": gain(both, orders, effort),
                "drivers": _drivers(rows, truth, effort),
            }
    return result


def _drivers(rows: TrainingSet, truth: Path, effort: Effort) -> list[dict[str, Any]]:
    """Measure drivers among the test rows that still order, in weeks with a snapshot of the truth."""
    _, test = split(rows)
    facts = facts_of(pictures_of(rows, test, truth))
    retained = facts["known"] & ~rows.labels.already_silent[test.index]
    among = {name: fact[retained] for name, fact in facts.items()}
    return drivers_of(sums_of(rows, retained, effort), among, test.account[retained], effort)


def _measure_coin_flip(world: World, folder: Path, effort: Effort) -> dict[str, Any]:
    """Measure the same gaps with random departures: the accuracy of silence alone at gap 0."""
    off = {name: 0.0 for name in vars(world.effects) if name.endswith("_hazard") or name == "hazard_weight"}
    per_week = 1.0 - (1.0 - COIN_CHURN) ** (1 / 52)
    effects = replace(world.effects, **{**off, "base_hazard": per_week})
    dataset, _ = write_world(replace(world, effects=effects), folder / "coin")
    assessment = measure_model(training_set(dataset, 0), None, effort)
    return {row["group"]: row["auc"] for row in rows_of(assessment, 0, "all", effort)}


def render(result: Mapping[str, Any]) -> list[str]:
    """Return the figures as lines of text."""
    lines = [
        f"{row['gap']:>3} days  {row['group']:<9}{row['features']:<7}{row['churned']:>6} of {row['rows']:<8}"
        f"AUC {row['auc']:.3f} [{row['auc_low']:.3f}, {row['auc_high']:.3f}]"
        for row in result["rows"]
    ]
    left, ablation = result["left"], result["ablation"]
    lines += [
        f"still ordering: {left['churned_that_left']:.0%} of the churned left for good; they alone against the others: "
        f"AUC {left['auc']:.3f} [{left['auc_low']:.3f}, {left['auc_high']:.3f}]",
        f"interactions add {ablation['d_auc']:+.4f} [{ablation['d_auc_low']:+.4f}, {ablation['d_auc_high']:+.4f}] AUC, "
        f"{ablation['d_ap']:+.4f} [{ablation['d_ap_low']:+.4f}, {ablation['d_ap_high']:+.4f}] average precision",
        f"coin-flip world at gap 0: {result['coin_flip']['all']:.3f}",
    ]
    return lines + [
        f"{row['code']:<17}{row['rows']:>6} rows {row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
        for row in result["drivers"]
    ]
