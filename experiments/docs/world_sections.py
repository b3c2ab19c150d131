"""The sections on the simulated world: churn, gain of feature groups, accuracy of causes."""

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from experiments.docs.tables import table

Result = Mapping[str, Any]

GROUPS = {"all": "all", "silent": "already silent", "ordering": "still ordering"}
REAL = {"stores": "iowa_stores", "vendor": "vendor_85"}
"""The real orders that each fit is fitted to."""

CHURN = Path(__file__).parents[1] / "results" / "churn"


def world_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield discrimination by group and gap beside the real data's, ablation, drivers by code."""
    yield "## Churn of the simulated world\n\n`python -m experiments.bench world [--fit vendor] --save`\n"
    yield (
        "Trained on two years, judged on the third. *Orders* are the columns that read orders or what mirrors them. "
        "*Real* is our model on the orders that the world is fitted to, by the same protocol.\n"
    )
    for result in results:
        yield from _world(result)


def _world(result: Result) -> Iterator[str]:
    fit, accounts = result["parameters"]["fit"], result["parameters"]["accounts"]
    yield f"### `{fit}`, {accounts:,} accounts, world {result['world']}\n"
    head = ("group", "gap", "churned", "rows", "AUC, all columns", "AUC, orders", "AUC, real")
    yield from table(head, _auc_rows(result, _real(REAL[fit])))
    left, gain = result["left"], result["ablation"]
    yield (
        f"Of the churned among the still ordering (gap 28) {left['churned_that_left']:.0%} left for good; the others "
        f"order seldom. They alone against all that stayed: AUC {_between(left, 'auc')}. Interactions add to orders "
        f"{_signed(gain, 'd_auc')} AUC, {_signed(gain, 'd_ap')} average precision. A world in which the same accounts "
        f"leave by coin has AUC {result['coin_flip']['all']:.3f} at gap 0.\n"
    )
    yield "Contribution of a code (log-odds) where its driver acts, less where it does not, among the still ordering:\n"
    drivers = ((row["code"], f"{row['rows']:,}", _signed(row, "difference", "")) for row in result["drivers"])
    yield from table(("code", "rows where it acts", "difference"), drivers)


def _auc_rows(result: Result, real: Mapping[tuple[int, str], Result]) -> Iterator[Sequence[str]]:
    orders = {(row["gap"], row["group"]): row for row in result["rows"] if row["features"] == "orders"}
    for row in (item for item in result["rows"] if item["features"] == "all"):
        key = row["gap"], row["group"]
        yield (
            GROUPS[row["group"]],
            str(row["gap"]),
            f"{row['churned']:,}",
            f"{row['rows']:,}",
            _between(row, "auc"),
            _between(orders[key], "auc"),
            _between(real[key], "auc") if key in real else "–",
        )


def _real(dataset: str) -> dict[tuple[int, str], Result]:
    """Return our model's rows on a real data set, by gap and group."""
    stored = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(CHURN.glob("*.json"))]
    rows = [row for result in stored for row in result["rows"] if row["dataset"] == dataset and row["model"] == "kqml"]
    return {(row["gap"], row["group"]): row for row in rows}


def groups_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the gain of each feature group and the accuracy of causes."""
    yield "## Groups of features, causes\n\n`python -m experiments.bench groups [--fit vendor] --save`\n"
    for result in results:
        request = result["parameters"]
        size = f"{request['accounts']:,} accounts, world {result['world']}, {result['features']} features"
        yield f"### `{request['fit']}`, {size}\n"
        yield "Added to orders with plain counts, among the still ordering, gap 28:\n"
        head = ("group", "columns", "Δ AUC", "Δ average precision")
        rows = (
            (row["group"], str(row["columns"]), _signed(row, "d_auc"), _signed(row, "d_ap"))
            for row in result["ablation"]
        )
        yield from table(head, rows)
        yield from _causes(result)


def _causes(result: Result) -> Iterator[str]:
    silent = f"{result['unknown_where_one_acts']:.0%}"
    yield (
        "How often a cause is named first where it truly drives most (the world's own split of the log hazard), against"
        f" how often it is named anywhere. Where some driver acts, no cause is said of {silent}; the last line is of "
        "accounts that nothing drives.\n"
    )
    head = ("true driver", "rows", "named first", "anywhere", "difference", "named instead")
    yield from table(head, (_cause_row(row, result["confusion"]) for row in result["causes"] if row["rows"]))


def _cause_row(row: Result, confusion: Mapping[str, Mapping[str, int]]) -> Sequence[str]:
    others = sorted(confusion[row["driver"]].items(), key=lambda item: -item[1])
    instead = [f"{cause} {count / row['rows']:.0%}" for cause, count in others if cause != row["driver"]][:3]
    return (
        row["driver"],
        f"{row['rows']:,}",
        f"{row['named']:.1%}",
        f"{row['anywhere']:.1%}",
        _signed(row, "difference", ""),
        ", ".join(instead),
    )


def _between(row: Result, name: str) -> str:
    return f"{row[name]:.3f} ({row[f'{name}_low']:.3f}–{row[f'{name}_high']:.3f})"


def _signed(row: Result, name: str, prefix: str | None = None) -> str:
    start = f"{name}_" if prefix is None else prefix
    return f"{row[name]:+.4f} ({row[f'{start}low']:+.4f} – {row[f'{start}high']:+.4f})"
