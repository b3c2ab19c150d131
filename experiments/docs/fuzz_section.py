"""The section on fuzzing: hostile requests and their answers."""

from collections import Counter
from collections.abc import Iterator
from typing import Any

from experiments.docs.tables import table

HEADS = ("database", "what", "requests", "2xx, 3xx", "4xx", "5xx", "closed", "findings")
PARTS = {
    "generated": "made from the OpenAPI document, by callers of every scope and role",
    "hostile": "hostile bodies, cursors, bytes",
    "logins": "forms of the login",
}
HEAD = """## No request breaks the service

`python -m experiments.fuzz --requests {requests} --seed SEED --save`, seeds {seeds} (`make fuzz`: 20,000 in one go)
"""
FOOT = """A finding is a 5xx, an answer that the document does not describe, somebody let in or turned away wrongly,
something taken that must be refused. *closed*: bytes that are hardly HTTP, answered by closing the connection.
"""


def fuzz_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a row for each database and kind of request, summed over the runs."""
    parameters = [result["parameters"] for result in results]
    details = {name: ", ".join(map(str, sorted({run[name] for run in parameters}))) for name in ("requests", "seed")}
    yield HEAD.format(requests=details["requests"], seeds=details["seed"])
    names = sorted({name for result in results for name in result if name != "parameters"})
    rows = (
        (name, part, [result[name][part] for result in results if name in result]) for name in names for part in PARTS
    )
    yield from table(HEADS, (_row(*row) for row in rows))
    yield FOOT


def _row(database: str, part: str, runs: list[dict[str, Any]]) -> list[str]:
    statuses: Counter[str] = Counter()
    for run in runs:
        for status, count in run["statuses"].items():
            statuses["2" if status[0] == "3" else status[0]] += count
    counts = [sum(run["requests"] for run in runs), *(statuses[first] for first in "2450")]
    return [database, PARTS[part], *(f"{count:,}" for count in counts), str(sum(len(run["findings"]) for run in runs))]
