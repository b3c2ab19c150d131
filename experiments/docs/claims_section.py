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
            "worlds",
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
        rows = [_row("usual", figures) for figures in (*result["sizes"], result["all"])]
        yield from table(head, iter([*rows, _row("actions without effect", result["no_effect"])]))
        yield f"Hash of the world's effect sizes: {', '.join(sorted(set(worlds.values())))}.\n"


def _row(worlds: str, figures: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        worlds,
        f"{figures['rows']:,.0f}",
        str(figures["plans"]),
        f"{figures['precision']:.1%}",
        _interval(figures["coverage"], ".1%"),
        "–" if figures["ratio"] is None else _interval(figures["ratio"], ".2f"),
        "–" if figures["guess_ratio"] is None else _interval(figures["guess_ratio"], ".2f"),
        str(figures["shown"]),
        str(figures["overclaimed"]),
        f"{figures['worthless']}, {figures['false_claims']}",
    )


def _interval(value: Mapping[str, float], how: str) -> str:
    return f"{value['value']:{how}} ({value['low']:{how}} to {value['high']:{how}})"
