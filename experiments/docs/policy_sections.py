"""The sections on allocation and off-policy evaluation."""

from collections.abc import Iterator, Sequence
from typing import Any

from experiments.docs.tables import table


def allocation_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield seconds, gap and broken rules."""
    yield "## Allocating a week\n\n`python -m experiments.bench allocation --epsilon 0.1 --json --save`\n"
    head = ("accounts", "reps", "seconds", "gap", "rules broken", "reps as programmes", "with explorers' chances")
    yield from table(head, map(_allocation_row, results))


def _allocation_row(result: dict[str, Any]) -> Sequence[str]:
    explored = f"{result['probability_seconds']:.0f} s, {result['explorers']:,}" if result.get("explorers") else "–"
    return (
        f"{result['parameters']['accounts']:,}",
        f"{result['parameters']['reps']:,}",
        f"{result['seconds']:.1f}",
        f"{result['gap']:.2%}",
        str(result["violations"]),
        f"{result['exact_reps']:.0%}",
        explored,
    )


MOVING = {
    None: "",
    "recorded": (
        "**The week moves:** required visits replace 5 % of Monday's actions, 60 % after a complaint; next actions are "
        "drawn for 30 % of the accounts without a decision. The log keeps Monday's action and propensity:"
    ),
    "overwritten": "**A faulty log of such weeks,** in which the required visit overwrites Monday's action:",
}
"""What a result of moving weeks shows, by `--moving`."""


def ope_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield coverage and width by target, then the Open Bandit results."""
    yield "## Off-policy evaluation in the world\n\n`python -m experiments.bench ope [--quick] --json --save`\n"
    yield (
        "A log drawn and lived many times; the pooled difference to the playbook per account and decision, margin over "
        "13 weeks. *Ours*: the hours allocated by effects learned from an independent log; *allocated_oracle*: by the "
        "true effects.\n"
    )
    head = ("target", "true difference", "runs", "refused", "coverage", "bias", "error", "half-width")
    for result in results:
        size = result["parameters"]
        if moving := MOVING[size.get("moving")]:
            yield f"{moving}\n"
        robust = result["estimators"]["doubly_robust"]
        yield (
            f"{size['accounts']:,} accounts, {size['runs']} logs of {result['rows']:,.0f} rows in each of "
            f"{size['worlds']} worlds: coverage {result['coverage']:.1%}, of values {result['value_coverage']:.1%}; "
            f"refused {result['refused']:.1%}, of logs too thin {result['refused_when_thin']:.0%}. Ours minus playbook "
            f"{result['ours_minus_playbook']:.0f}, half-width {result['half_width']:.0f} (doubly robust without "
            f"pooling {robust['half_width']:.0f}, coverage {robust['coverage']:.1%}).\n"
        )
        yield from table(head, (_ope_row(name, row) for name, row in result["targets"].items()))
        if result["open_bandit"]:
            yield "Open Bandit, clicks per impression; `bts` by its frequencies per position, so approximate:\n"
            names = ("campaign", "log", "target", "effective rows", "mean weight", "doubly robust", "its own log")
            yield from table(names, map(_bandit_row, result["open_bandit"]))


def _ope_row(name: str, row: dict[str, Any]) -> Sequence[str]:
    return (
        name,
        f"{row['difference']:.0f}",
        str(row["runs"]),
        f"{row['refused']:.1%}",
        f"{row['coverage']:.1%}",
        f"{row['bias']:.0f}",
        f"{row['error']:.0f}",
        f"{row['half_width']:.0f}",
    )


def _bandit_row(row: dict[str, Any]) -> Sequence[str]:
    result = None if row["refused"] else row["values"]["doubly_robust"]
    message = f"{result['value']:.4f} ({result['low']:.4f}–{result['high']:.4f})" if result else "refused"
    numbers = (f"{row['effective']:,.0f}", f"{row['mean_weight']:.2f}", message, f"{row['own_log']:.4f}")
    return (row["campaign"], row["log"], row["target"], *numbers)
