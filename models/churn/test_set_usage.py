"""Test-set usage: a ledger with one line for each evaluation on a test block."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from features.churn_definition import ChurnDefinition
from kqml.calendar.business_time import Instants, moment_of
from kqml.errors import CouldNot, Fault

LEDGER = "test_set_usage.jsonl"


@dataclass(frozen=True)
class TestSetUsage:
    """One evaluation on a test block: dataset, churn definition, first and last cutoff, command, ISO instant."""

    dataset: str
    definition: dict[str, Any]
    first: str
    last: str
    command: str
    at: str


def usage_of_test_set(
    dataset: str, definition: ChurnDefinition, test: Instants, command: str, at: datetime
) -> TestSetUsage:
    """Return the usage of the test cutoffs `test` at the instant `at`."""
    first, last = moment_of(int(test[0])).isoformat(), moment_of(int(test[-1])).isoformat()
    return TestSetUsage(dataset, asdict(definition), first, last, command, at.isoformat())


def record_usage(home: Path, usage: TestSetUsage) -> int:
    """Append the usage to the ledger at home; return how often a block that overlaps it was used, this time included.

    Gaps and horizons make no difference: the same weeks answered another question, but they were looked at.
    """
    path = home / LEDGER
    earlier = read_usage(path)
    home.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as ledger:
        ledger.write(orjson.dumps(asdict(usage)) + b"\n")
    return 1 + sum(_overlap(usage, earlier_usage) for earlier_usage in earlier)


def read_usage(path: Path) -> Sequence[TestSetUsage]:
    """Return every usage so far, oldest first. Raises CouldNot where the ledger is broken."""
    if not path.exists():
        return []
    try:
        return [TestSetUsage(**orjson.loads(line)) for line in path.read_bytes().splitlines()]
    except (ValueError, TypeError) as error:
        fault = Fault(str(path), f"{error}", "move the file away; counting restarts, so report that with your results")
        raise CouldNot("The record of test-set usage cannot be read.", [fault]) from error


def _overlap(usage: TestSetUsage, earlier: TestSetUsage) -> bool:
    return usage.dataset == earlier.dataset and usage.first <= earlier.last and earlier.first <= usage.last
