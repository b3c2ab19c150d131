"""Gain of each feature group in the simulated world, and accuracy of named causes."""

import argparse
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from experiments.bench.world import QUICK_ACCOUNTS, describe
from experiments.bench.world_churn.causes import (
    NOTHING,
    confusion,
    confusion_lines,
    named_causes,
    recognised,
    true_drivers,
)
from experiments.bench.world_churn.hidden_facts import pictures_of
from experiments.bench.world_churn.model_accuracy import (
    GAP,
    QUICK,
    WEEKS,
    Effort,
    gain,
    measure_model,
    mirrors_orders,
    split,
    training_set,
)
from experiments.world.population import SizeShape
from experiments.world.world import build_world
from experiments.world.writing import write_world
from features.catalog import catalog
from features.definitions import Aggregation, Atom, Feature, FeatureGroup
from features.training_set import TrainingSet

__all__ = ["describe", "render", "run"]


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Simulate, add one feature group after the other to orders and plain counts, compare causes with the truth."""
    accounts, effort = (QUICK_ACCOUNTS, QUICK) if args.quick else (args.accounts, Effort())
    world = build_world(SizeShape(accounts, max(accounts // 50, 1), WEEKS), args.seed, fit=args.fit)
    with tempfile.TemporaryDirectory() as folder:
        dataset, _ = write_world(world, Path(folder) / "world")
        rows = training_set(dataset, GAP)
        measured = {**_ablation(rows, effort), **_causes(rows, Path(folder) / "world" / "truth", effort)}
    parameters = {"accounts": accounts, "seed": args.seed, "fit": args.fit}
    return {"parameters": parameters, "world": world.hash, "features": len(catalog()), **measured}


def _ablation(rows: TrainingSet, effort: Effort) -> dict[str, Any]:
    """Return the gains over orders with plain counts: of each group, of all groups, and of the counts over orders."""
    orders, plain = _columns(mirrors_orders), _columns(lambda feature: mirrors_orders(feature) or _counts(feature))
    least, base, everything = (measure_model(rows, retained, effort) for retained in (orders, plain, None))
    results = [{**gain(base, least, effort), "group": "plain counts over orders", "columns": len(plain - orders)}]
    for group in FeatureGroup:
        added = frozenset(feature.column for feature in catalog() if feature.group is group) - plain
        if added:
            more = measure_model(rows, plain | added, effort)
            results.append({**gain(more, base, effort), "group": group.value, "columns": len(added)})
    whole = {**gain(everything, base, effort), "group": "all groups", "columns": len(catalog()) - len(plain)}
    return {"ablation": [*results, whole]}


def _columns(wanted: Callable[[Feature], bool]) -> frozenset[str]:
    return frozenset(feature.column for feature in catalog() if wanted(feature))


def _counts(feature: Feature) -> bool:
    """Return whether a feature only counts events of a kind in a window."""
    return isinstance(feature.measure, Atom) and feature.measure.aggregation is Aggregation.COUNT


def _causes(rows: TrainingSet, truth: Path, effort: Effort) -> dict[str, Any]:
    """Measure causes among the test rows that still order, in weeks with a snapshot of the truth."""
    _, test = split(rows)
    true = true_drivers(pictures_of(rows, test, truth))
    retained = (true != "") & ~rows.labels.already_silent[test.index]
    text, true = named_causes(rows, retained, effort), true[retained]
    return {
        "causes": recognised(true, text, test.account[retained], effort),
        "confusion": confusion(true, text),
        "unknown_where_one_acts": float((text[true != NOTHING] == NOTHING).mean()),
    }


def render(result: Mapping[str, Any]) -> list[str]:
    """Return the figures as lines of text."""
    details = (
        _ablation_lines(result["ablation"]),
        _cause_lines(result["causes"]),
        confusion_lines(result["confusion"]),
    )
    return [line for lines in details for line in (*lines, "")]


def _ablation_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        yield (
            f"{row['group']:<26}{row['columns']:>4} columns  AUC {row['d_auc']:+.4f} [{row['d_auc_low']:+.4f}, "
            f"{row['d_auc_high']:+.4f}]  AP {row['d_ap']:+.4f} [{row['d_ap_low']:+.4f}, {row['d_ap_high']:+.4f}]"
        )


def _cause_lines(rows: list[dict[str, Any]]) -> Iterator[str]:
    for row in rows:
        if row["rows"]:
            yield (
                f"{row['driver']:<16}{row['rows']:>7} rows  first {row['named']:.1%}, anywhere {row['anywhere']:.1%}, "
                f"difference {row['difference']:+.3f} [{row['low']:+.3f}, {row['high']:+.3f}]"
            )
