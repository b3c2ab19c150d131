"""Duties of a large company in a week: seconds to read, compute and assess three months."""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from experiments.world.population import SizeShape
from experiments.world.world import build_world
from experiments.world.writing import write_world
from kqml.calendar.workdays import workdays
from kqml.dataset.folder import Dataset, read_dataset
from kqml.duties import compliance, list_duties, month, read_duty_inputs, week
from kqml.playbook import read_playbook

QUICK_ACCOUNTS = 1_000
WEEKS = {"festival": "2023-W03", "plain": "2023-W15"}
"""A week before Spring Festival, a week without a festival; both lie in the world's second year."""

MONTHS = ("2023-01", "2023-02", "2023-03")

Result = TypeVar("Result")


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", type=int, default=100_000, help="how many accounts; reps are one in fifty")
    parser.add_argument("--weeks", type=int, default=104, help="how long the world's history is")
    parser.add_argument("--seed", type=int, default=0, help="the world's seed")
    parser.add_argument("--dataset", type=Path, help="such a world, simulated before")
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ACCOUNTS} accounts: does it run?")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Time each step once, as a command executes it."""
    accounts = QUICK_ACCOUNTS if args.quick else args.accounts
    with _world(args.dataset, accounts, args.weeks, args.seed) as dataset:
        measured = _measured(dataset)
    return {"parameters": {"accounts": measured["accounts"], "weeks": args.weeks, "seed": args.seed}, **measured}


@contextmanager
def _world(given: Path | None, accounts: int, weeks: int, seed: int) -> Iterator[Dataset]:
    if given is not None:
        yield read_dataset(given)
        return
    with tempfile.TemporaryDirectory() as folder:
        world = build_world(SizeShape(accounts, max(accounts // 50, 1), weeks), seed)
        yield write_world(world, Path(folder) / "world")[0]


def _measured(dataset: Dataset) -> dict[str, Any]:
    playbook, calendar = read_playbook(), workdays("CN")
    book, reading = _timed(lambda: read_duty_inputs(dataset, playbook))
    zone, steps = book.events.time_zone, {"read": reading}
    rows = {}
    for name, request in WEEKS.items():
        period = week(request)
        cutoff = period.instants(zone)[0]
        table, steps[name] = _timed(lambda p=period, c=cutoff: list_duties(book, playbook, calendar, p, c))  # type: ignore[misc]
        rows[name] = table.num_rows
    end = month(MONTHS[-1]).instants(zone)[1]
    firsts: list[date] = [month(name).first for name in MONTHS]
    retained, steps["compliance"] = _timed(lambda: compliance(book, playbook, calendar, firsts, end))
    return {
        "accounts": len(book.log.accounts),
        "records": len(book.log),
        "seconds": {name: result[0] for name, result in steps.items()},
        "processor_seconds": {name: result[1] for name, result in steps.items()},
        "rows": {**rows, "compliance": retained.num_rows},
        "peak_gib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def _timed(make: Callable[[], Result]) -> tuple[Result, tuple[float, float]]:
    """Return the result of `make` with wall-clock and processor seconds."""
    clock, processor = time.perf_counter(), time.process_time()
    output = make()
    return output, (time.perf_counter() - clock, time.process_time() - processor)


def render(result: Mapping[str, Any]) -> list[str]:
    """Return a line for each step."""
    lines = [f"{result['accounts']:,} accounts, {result['records']:,} records, peak {result['peak_gib']:.1f} GiB"]
    for name, seconds in result["seconds"].items():
        spent, rows = result["processor_seconds"][name], result["rows"].get(name)
        lines.append(f"{name}: {seconds:.1f} s ({spent:.1f} s of processor){f', {rows:,} rows' if rows else ''}")
    return lines
