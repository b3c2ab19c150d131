"""What plans claim beside what they are worth."""

from collections.abc import Iterator, Mapping
from typing import Any

from experiments.docs.tables import table

Result = dict[str, Any]


def claims_section(results: list[Result]) -> Iterator[str]:
    """Coverage of the intervals of plans' net values, claimed ÷ true, false claims, by size of the log."""
    yield "## What plans claim\n\n`python -m experiments.bench claims --json --save`\n"
    yield (
        "Each plan is made from a log of its own and compared with the truth of the same accounts and actions. "
        "*Covered*: every plan's interval, shown or not. *Predicted*: the sum of the predictions by which actions were "
        "chosen. *Shown*: precise enough, interval above zero. *Too high*: shown, lower bound above the truth. "
        "Intervals resample whole worlds.\n"
    )
    for result in results:
        size, worlds = result["parameters"], result["worlds"]
        yield f"### {len(worlds)} worlds of {size['accounts']:,} accounts, from seed {size['seed']} on\n"
        head = (
            "randomised rows",
            "plans",
            "precision",
            "covered",
            "claimed ÷ true",
            "predicted ÷ true",
            "shown",
            "too high",
            "worth nothing, of these claimed",
        )
        yield from table(head, map(_row, (*result["sizes"], result["all"])))
        yield f"Hash of the world's effect sizes: {', '.join(sorted(set(worlds.values())))}.\n"


def _row(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        f"{row['rows']:,.0f}",
        str(row["plans"]),
        f"{row['precision']:.1%}",
        _interval(row["coverage"], ".1%"),
        "–" if row["ratio"] is None else _interval(row["ratio"], ".2f"),
        "–" if row["guess_ratio"] is None else _interval(row["guess_ratio"], ".2f"),
        str(row["shown"]),
        str(row["overclaimed"]),
        f"{row['worthless']}, {row['false_claims']}",
    )


def _interval(value: Mapping[str, float], how: str) -> str:
    return f"{value['value']:{how}} ({value['low']:{how}} to {value['high']:{how}})"
