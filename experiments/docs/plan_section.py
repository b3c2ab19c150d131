"""The section on a large company's week."""

from collections.abc import Iterator
from typing import Any

from experiments.docs.tables import table

HEADS = ("accounts", "events", "command", "seconds", "seconds of processor", "peak GiB")


def plan_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """A row a command."""
    yield "## A large company scored, explained, planned\n"
    yield "`python -m experiments.bench plan --json --save`, with `--database` for the rows of the store\n"
    for result in results:
        yield from table(HEADS, (_row(result, name) for name in result["seconds"]))
        yield _words(result)


def _row(result: dict[str, Any], name: str) -> list[str]:
    seconds = (f"{result[one][name]:.0f}" for one in ("seconds", "processor_seconds"))
    counts = (f"{result['parameters']['accounts']:,}", f"{result['events']:,}")
    return [*counts, f"`kqml {name}`", *seconds, f"{result['peak_gib'][name]:.1f}"]


def _words(result: dict[str, Any]) -> str:
    message = f"{result['scored']:,} scored, {result['recommended']:,} actions for {result['reps']:,} reps"
    sums = ", ".join(f"{form} {total:.0f} s" for form, total in result["total"].items() if total is not None)
    size = result["store_bytes"]
    retained = f"; in the store decisions of a week take {size['decisions'] / 2**20:,.0f} MiB" if size else ""
    return f"{message}. Scored, explained, planned: {sums}{retained}.\n"
