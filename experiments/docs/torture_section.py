"""The section on what was killed, what was kept."""

from collections.abc import Iterator
from typing import Any

from experiments.docs.tables import table

HEADS = ("database", "service killed", "database killed", "events", "states", "wrong")
FOOT = "`kill -9` at random moments. Acknowledged: *events*, *states*; *wrong*: lost, doubled, changed, torn.\n"


def torture_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """A row a database: how often what was killed, what was acknowledged meanwhile, how much of it was wrong."""
    yield "## Nothing acknowledged is lost\n\n`python -m experiments.torture --kills 200 --save` (`make torture`)\n"
    for result in results:
        yield from table(HEADS, (_row(name, output) for name, output in result.items() if name != "parameters"))
    yield FOOT


def _row(name: str, result: dict[str, Any]) -> list[str]:
    killed, retained = result["killed"], result["acknowledged"]
    counts = (killed.get("service", 0), killed.get("postgresql", 0), retained["events"], retained["states"])
    return [name, *map(str, counts), str(sum(result["wrong"].values()))]
