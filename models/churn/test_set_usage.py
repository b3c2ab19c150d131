"""The ledger of test blocks read: one line per reading, so that nobody forgets how often."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from features.churn_definition import ChurnDefinition
from kqml.calendar.business_time import Instants, moment_of
from kqml.errors import CouldNot, Fault

LEDGER = "test_readings.jsonl"


@dataclass(frozen=True)
class TestSetReading:
    """One look at a test block: of which dataset, under which definition, from which to which cutoff, by whom."""

    dataset: str
    definition: dict[str, Any]
    first: str
    last: str
    command: str
    at: str


def reading_of_test_set(
    dataset: str, definition: ChurnDefinition, test: Instants, command: str, at: datetime
) -> TestSetReading:
    """Return the reading of the test cutoffs `test`, made at `at`."""
    first, last = moment_of(int(test[0])).isoformat(), moment_of(int(test[-1])).isoformat()
    return TestSetReading(dataset, asdict(definition), first, last, command, at.isoformat())


def record_reading(home: Path, reading: TestSetReading) -> int:
    """Appends the reading to the ledger at home; how often a block overlapping it has been read, this one included.

    Gaps and horizons are not told apart: the same weeks answered another question, but they were looked at.
    """
    path = home / LEDGER
    earlier = read_readings(path)
    home.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as ledger:
        ledger.write(orjson.dumps(asdict(reading)) + b"\n")
    return 1 + sum(_overlap(reading, other) for other in earlier)


def read_readings(path: Path) -> Sequence[TestSetReading]:
    """Return every reading so far, oldest first. Raises CouldNot where the ledger is not one."""
    if not path.exists():
        return []
    try:
        return [TestSetReading(**orjson.loads(line)) for line in path.read_bytes().splitlines()]
    except (ValueError, TypeError) as error:
        fault = Fault(str(path), f"{error}", "move it away: counting then starts anew, and say so in what you publish")
        raise CouldNot("The ledger of test readings cannot be read.", [fault]) from error


def _overlap(one: TestSetReading, other: TestSetReading) -> bool:
    return one.dataset == other.dataset and one.first <= other.last and other.first <= one.last
