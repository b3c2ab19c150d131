"""The section on the policy study."""

from collections.abc import Iterator, Sequence
from typing import Any

from experiments.docs.tables import table

WORDS = """Every policy lives the same weeks on the same luck, with the same guardrails, cadence, floors, allocator;
then a horizon of run-out under the playbook. Gains are margin less minutes and money, over playbook only, as shares of
the observable oracle's (the study's features, effects fitted to the truth); the full oracle knows the truth itself.
Rows: randomised ones that had ripened at the last training. Lead: over the best simple policy. Intervals are by rep.
"""


def policy_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the curve, the policies of each pilot, the scenarios."""
    yield "## Policies lived in the world\n\n`python -m experiments.bench policy [--quick] --json --save`\n"
    yield WORDS
    for result in results:
        size = result["parameters"]
        yield (
            f"Pilots of {size['accounts']:,} accounts, policies lived by {size['lived']:,} of them, worlds: "
            f"{size['worlds']}.\n"
        )
        head = ("rows", "kqml", "best simple policy", "lead")
        yield from table(head, (_curve_row(rows, row) for rows, row in result["curve"].items()))
        yield from table(("policy", *result["stages"]), _policy_rows(result["stages"]))
        if result["scenarios"]:
            yield f"Scenarios, {size['scenario_accounts']:,} accounts each, worlds: {size['scenario_worlds']}.\n"
            names = ("scenario", "rows", "kqml", "best simple policy", "lead")
            yield from table(names, _scenario_rows(result["scenarios"]))


def _curve_row(rows: str, row: dict[str, Any]) -> Sequence[str]:
    best = f"{row['best_simple']:.2f} ({row['best_simple_policy'].replace('_', ' ')})"
    return (f"{int(rows):,}", _share(row, "share_of_oracle"), best, _share(row["lead"], "value"))


def _policy_rows(stages: dict[str, Any]) -> Iterator[Sequence[str]]:
    names = sorted({name for results in stages.values() for name in results["policies"]})
    best = max(stages.values(), key=lambda results: len(results["policies"]))["policies"]
    for name in sorted(names, key=lambda name: -best[name]["share_of_oracle"] if name in best else 0.0):
        results = [stage["policies"].get(name) for stage in stages.values()]
        yield (name.replace("_", " "), *(_share(row, "share_of_oracle") if row else "–" for row in results))


def _scenario_rows(scenarios: dict[str, Any]) -> Iterator[Sequence[str]]:
    for name, result in scenarios.items():
        for rows, row in result["curve"].items():
            yield (name.replace("_", " "), *_curve_row(rows, row))


def _share(row: dict[str, Any], key: str) -> str:
    return f"{row[key]:.2f} ({row['low']:.2f}–{row['high']:.2f})".replace("-", "−")
