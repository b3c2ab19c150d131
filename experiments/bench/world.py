"""The churn of a simulated world: learnable, not trivial, moved by what the world says moves it."""

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.world.almanac import cutoff, week_name
from experiments.world.parameters import Effects
from experiments.world.population import Shape
from experiments.world.world import World, build_world
from experiments.world.writing import write_world
from features.catalog import catalog
from features.churn import ChurnDefinition
from features.definitions import Code, atoms_of
from features.training_set import TrainingSet, build_training_set
from kqml.dataset import Dataset
from kqml.events import EventKind
from models.boosting import Parameters, train_booster
from models.churn import predict_log_odds
from models.examples import Examples, examples_of
from models.explained import CODES, code_map, code_sums
from models.resampling import Measured, Resamples, draw_resamples, interval, measure, paired

WEEKS, FIRST, EVERY = 156, 32, 4
TEST_FROM = 104
ROUNDS = 200
GAPS = (0, 28)
MIRRORS = frozenset(
    {
        EventKind.ORDER,
        EventKind.ORDER_CANCELLED,
        EventKind.RETURN,
        EventKind.DELIVERY,
        EventKind.PAYMENT_DUE,
        EventKind.PAYMENT_RECEIVED,
    }
)
"""Kinds that say what orders say; features of all other kinds are the interactions of the ablation."""

DRIVERS: Mapping[Code, str] = {
    Code.COMPLAINT: "complaint_open",
    Code.COMPETITOR: "courted",
    Code.SERVICE_FAILURE: "grieved",
    Code.BROKEN_PROMISE: "promise_broken",
    Code.NEGLECT: "neglected",
}
"""Reason code → the hidden fact under which it weighs more; codes that no feature of the catalog has are left out."""


@dataclass(frozen=True)
class Judged:
    """A model's log-odds on the test rows, with what is needed to measure them."""

    examples: Examples
    silent: NDArray[np.bool_]
    log_odds: NDArray[np.float64]


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", type=int, default=10_000, help="how many accounts; reps are one in fifty")
    parser.add_argument("--seed", type=int, default=0, help="the world's seed")
    parser.add_argument("--fit", default="stores", help="marginals of the orders: stores or vendor")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Simulates, measures by group and gap, ablates the interactions, looks for each driver under its code."""
    world = build_world(Shape(args.accounts, max(args.accounts // 50, 1), WEEKS), args.seed, fit=args.fit)
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        dataset, frames = write_world(world, Path(folder) / "world")
        simulated = time.perf_counter() - began
        states = pd.read_parquet(Path(folder) / "world" / "truth" / "states.parquet")
        rows, ablation, drivers = _measured(dataset, states)
        coin = _measure_coin_flip(world, Path(folder))
    return {
        "parameters": {"accounts": args.accounts, "seed": args.seed, "fit": args.fit},
        "world": world.hash,
        "simulate_seconds": simulated,
        "events": frames.events,
        "departures": sum(len(part) for part in frames.departures),
        "rows": rows,
        "coin_flip": coin,
        "ablation": ablation,
        "drivers": drivers,
    }


def _training_set(dataset: Dataset, gap: int) -> TrainingSet:
    weeks = sorted({*range(FIRST, WEEKS - 18, EVERY), 117, 130})
    cutoffs = np.array([cutoff(week) for week in weeks], dtype=np.int64)
    return build_training_set(dataset, ChurnDefinition(gap=gap), cutoffs, catalog())


def _measured(
    dataset: Dataset, states: pd.DataFrame
) -> tuple[list[dict[str, Any]], dict[str, Any], list[dict[str, Any]]]:
    rows: list[dict[str, Any]] = []
    ablation: dict[str, Any] = {}
    drivers: list[dict[str, Any]] = []
    for gap in GAPS:
        found = _training_set(dataset, gap)
        both, orders = _judge(found, None), _judge(found, _mirrors(found.columns))
        rows += [*_rows(both, gap, "all"), *_rows(orders, gap, "orders")]
        if gap == 28:
            ablation, drivers = _ablate(both, orders), _drivers(found, states)
    return rows, ablation, drivers


def _mirrors(columns: Sequence[str]) -> frozenset[str]:
    """The features that read orders or what mirrors them."""
    known = {
        feature.column
        for feature in catalog()
        if all(atom.stream.kinds <= MIRRORS for atom in atoms_of(feature.measure))
    }
    return frozenset(column for column in columns if column in known)


def _split(found: TrainingSet) -> tuple[Examples, Examples]:
    examples = examples_of(found)
    test = examples.cutoff >= cutoff(TEST_FROM)
    return examples.where(examples.matures_at <= cutoff(TEST_FROM)), examples.where(test)


def _judge(found: TrainingSet, kept: frozenset[str] | None) -> Judged:
    fit, test = _split(found)
    silent = found.labels.already_silent[test.place]
    if kept is not None:
        mask = np.array([column in kept for column in fit.columns])
        fit, test = fit.only(mask), test.only(mask)
    booster = train_booster(fit, Parameters(), ROUNDS, 0)
    return Judged(test, silent, predict_log_odds(booster, test.values))


def _groups(judged: Judged) -> dict[str, NDArray[np.bool_]]:
    return {"all": np.ones(len(judged.silent), bool), "silent": judged.silent, "ordering": ~judged.silent}


def _rows(judged: Judged, gap: int, features: str) -> list[dict[str, Any]]:
    found = []
    for group, mask in _groups(judged).items():
        scored = _scored(judged, mask, draw_resamples(judged.examples.account[mask], 300))
        between = scored.interval("auc")
        churned = judged.examples.churned[mask]
        found.append(
            {
                "gap": gap,
                "group": group,
                "features": features,
                "rows": int(mask.sum()),
                "churned": int(churned.sum()),
                "auc": scored.values["auc"],
                "auc_low": between.low,
                "auc_high": between.high,
                "average_precision": scored.values["average_precision"],
            }
        )
    return found


def _scored(judged: Judged, mask: NDArray[np.bool_], resamples: Resamples) -> Measured:
    return measure(judged.log_odds[mask], judged.examples.churned[mask], resamples, probabilities=False)


def _ablate(both: Judged, orders: Judged) -> dict[str, Any]:
    """What the interactions add to the orders among the accounts that still order."""
    mask = ~both.silent
    resamples = draw_resamples(both.examples.account[mask], 1000)
    one, other = _scored(both, mask, resamples), _scored(orders, mask, resamples)
    between = paired(one, other, "auc")
    gain = one.values["auc"] - other.values["auc"]
    return {"group": "ordering", "gap": 28, "d_auc": gain, "low": between.low, "high": between.high}


def _measure_coin_flip(world: World, folder: Path) -> dict[str, Any]:
    """The same gaps, departures by coin: what silence alone is worth at gap 0."""
    off = {name: 0.0 for name in vars(world.effects) if name.endswith("_hazard") or name == "hazard_weight"}
    per_week = 1.0 - (1.0 - 0.07) ** (1 / 52)
    effects: Effects = replace(world.effects, **{**off, "base_hazard": per_week})
    dataset, _ = write_world(replace(world, effects=effects), folder / "coin")
    judged = _judge(_training_set(dataset, 0), None)
    return {row["group"]: row["auc"] for row in _rows(judged, 0, "all")}


def _drivers(found: TrainingSet, states: pd.DataFrame) -> list[dict[str, Any]]:
    """Mean contribution of each code where its driver acts, less where it does not, among the test rows that order."""
    fit, test = _split(found)
    booster = train_booster(fit, Parameters(), ROUNDS, 0)
    facts = _facts(found, test, states)
    kept = facts["known"] & ~found.labels.already_silent[test.place]
    empty = np.isnan(fit.values).all(axis=0)
    typical = np.nanmedian(np.where(empty, 0.0, fit.values), axis=0)
    mapped = code_map(catalog(), len(found.categories), typical)
    totals = code_sums(
        mapped, test.values[kept], np.asarray(booster.predict(test.values[kept], pred_contrib=True))
    ).totals
    known = {feature.code for feature in catalog()}
    return [
        _driver(code, totals, facts[fact][kept], test.account[kept]) for code, fact in DRIVERS.items() if code in known
    ]


def _facts(found: TrainingSet, test: Examples, states: pd.DataFrame) -> dict[str, NDArray[np.bool_]]:
    """The hidden facts of each test row at weeks of which the truth has a picture."""
    weeks = {cutoff(week): week_name(week) for week in range(WEEKS)}
    keys = pd.DataFrame(
        {"account_id": found.accounts[test.account].astype(str), "week": [weeks[int(one)] for one in test.cutoff]}
    )
    joined = keys.merge(states, on=["account_id", "week"], how="left")
    return {
        "known": joined["closeness"].notna().to_numpy(),
        "complaint_open": (joined["complaint_open"] == True).to_numpy(),  # noqa: E712 - missing is not true
        "courted": (joined["courted"] == True).to_numpy(),  # noqa: E712
        "grieved": (joined["grievance"] > 0.6).to_numpy(),
        "promise_broken": (joined["promise_broken"] == True).to_numpy(),  # noqa: E712
        "neglected": (joined["closeness"] < 0.4).to_numpy(),
    }


def _driver(
    code: Code, totals: NDArray[np.float64], acts: NDArray[np.bool_], account: NDArray[np.int32]
) -> dict[str, Any]:
    values = totals[:, CODES.index(code)]
    resamples = draw_resamples(account, 300)
    drawn = np.array(
        [
            np.average(values[acts], weights=w[acts]) - np.average(values[~acts], weights=w[~acts])
            for w in resamples.weights()
        ]
    )
    between = interval(drawn)
    difference = float(values[acts].mean() - values[~acts].mean())
    return {
        "code": code.value,
        "rows": int(acts.sum()),
        "difference": difference,
        "low": between.low,
        "high": between.high,
    }


def render(result: Mapping[str, Any]) -> list[str]:
    """The figures as lines for a person."""
    lines = [
        f"{row['gap']:>3} days  {row['group']:<9}{row['features']:<7}{row['churned']:>6} of {row['rows']:<8}"
        f"AUC {row['auc']:.3f} [{row['auc_low']:.3f}, {row['auc_high']:.3f}]"
        for row in result["rows"]
    ]
    ablation = result["ablation"]
    lines.append(
        f"interactions add {ablation['d_auc']:+.4f} [{ablation['low']:+.4f}, {ablation['high']:+.4f}] (ordering)"
    )
    lines.append(f"coin-flip world at gap 0: {result['coin_flip']['all']:.3f}")
    return lines + [
        f"{row['code']:<17}{row['rows']:>6} rows {row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
        for row in result["drivers"]
    ]
