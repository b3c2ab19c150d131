"""A large company scored, explained and planned by the commands: seconds, memory, stored size."""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import orjson

from experiments.demo_home import demo_home
from experiments.world.population import SizeShape
from experiments.world.world import build_world
from experiments.world.writing import write_world
from features.cutoffs import default_cutoff
from kqml.calendar.business_time import moment_of
from kqml.dataset.folder import read_dataset
from kqml.duties.period import week_name
from kqml.errors import CouldNot, Fault

QUICK_ACCOUNTS = 1_000
FOLDER, DATABASE = ("score", "plan"), ("score --database", "plan --database")


def describe(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--accounts", type=int, default=100_000, help="how many accounts; reps are one in fifty")
    parser.add_argument("--weeks", type=int, default=52, help="how long the world's history is")
    parser.add_argument("--seed", type=int, default=0, help="the world's seed")
    parser.add_argument("--dataset", type=Path, help="such a world, simulated before")
    parser.add_argument("--home", type=Path, help="a home with a champion; by default `kqml demo` makes one")
    parser.add_argument(
        "--database", action="store_true", help="also by a SQLite store: import, score, plan, plan again"
    )
    parser.add_argument("--quick", action="store_true", help=f"{QUICK_ACCOUNTS} accounts: does it run?")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Each command once, in a process of its own."""
    accounts = QUICK_ACCOUNTS if args.quick else args.accounts
    with tempfile.TemporaryDirectory(prefix="kqml-bench-") as scratch:
        folder = Path(scratch)
        home = args.home or demo_home(folder)
        with _world(args.dataset, accounts, args.weeks, args.seed) as dataset:
            commands = Commands(home, {"KQML_DATABASE_URL": f"sqlite:///{folder / 'bench.db'}"})
            answers = _by_folder(commands, dataset, folder)
            if args.database:
                answers |= _by_store(commands, dataset)
            events = len(read_dataset(dataset).events(["event_id"]))
    return {
        "parameters": {"accounts": accounts, "weeks": args.weeks, "seed": args.seed, "store": args.database},
        "events": events,
        "reps": len(answers["plan"]["reps"]),
        "scored": answers["score"]["eligible"],
        "recommended": answers["plan"]["totals"]["recommended"],
        "gap": answers["plan"]["gap"],
        "seconds": commands.seconds,
        "processor_seconds": commands.processor_seconds,
        "peak_gib": commands.peak_gib,
        "total": {form: _summed(commands, names) for form, names in (("folder", FOLDER), ("store", DATABASE))},
        "store_bytes": answers.get("bytes"),
    }


@dataclass(frozen=True)
class Commands:
    """Runs commands of kqml on a home and records the seconds and the memory of each."""

    home: Path
    more: Mapping[str, str]
    seconds: dict[str, float] = field(default_factory=dict)
    processor_seconds: dict[str, float] = field(default_factory=dict)
    peak_gib: dict[str, float] = field(default_factory=dict)

    def run(self, name: str, *words: object) -> dict[str, Any]:
        """Return the command's answer. Raises CouldNot where it fails."""
        retained = {key: value for key, value in os.environ.items() if not key.startswith("KQML_")}
        began = time.perf_counter()
        with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as result:
            line = [sys.executable, "-m", "kqml", *map(str, words), "--json"]
            environment = {**retained, **self.more, "KQML_HOME": str(self.home.absolute())}
            started = subprocess.Popen(line, env=environment, stdout=out, stderr=result)
            _, status, usage = os.wait4(started.pid, 0)
            started.returncode = os.waitstatus_to_exitcode(status)
            self.seconds[name] = time.perf_counter() - began
            self.processor_seconds[name] = usage.ru_utime + usage.ru_stime
            self.peak_gib[name] = usage.ru_maxrss / 2**20
            for file in (out, result):
                file.seek(0)
            if started.returncode:
                raise CouldNot(f"kqml {name} failed.", [Fault(name, result.read().decode()[-500:], "run it by hand")])
            answer: dict[str, Any] = orjson.loads(out.read())
        return answer


@contextmanager
def _world(given: Path | None, accounts: int, weeks: int, seed: int) -> Iterator[Path]:
    if given is not None:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="kqml-bench-") as folder:
        write_world(build_world(SizeShape(accounts, max(accounts // 50, 1), weeks), seed), Path(folder) / "world")
        yield Path(folder) / "world"


def _by_folder(commands: Commands, dataset: Path, folder: Path) -> dict[str, Any]:
    return {
        "score": commands.run("score", "score", dataset, "--out", folder / "scores.parquet"),
        "plan": commands.run("plan", "plan", dataset, "--log", folder / "log"),
    }


def _by_store(commands: Commands, dataset: Path) -> dict[str, Any]:
    """The first night of a store; the week is the last whole one of the data."""
    address = commands.more["KQML_DATABASE_URL"]
    commands.run("import --database", "import", dataset, "--database")
    before = _bytes(address)
    week = _last_week(dataset)
    result = {"score_store": commands.run("score --database", "score", "--database", "--cutoff", week[1])}
    scored = _bytes(address)
    result["plan_store"] = commands.run("plan --database", "plan", "--database", "--week", week[0])
    retained = {"events": before, "scores": scored - before, "decisions": _bytes(address) - scored}
    again = commands.run("plan --database again", "plan", "--database", "--week", week[0])
    if not again["database"]["replayed"]:
        raise CouldNot("The week was not replayed.", [Fault("--week", week[0], "read what the command says of it")])
    return {**result, "bytes": retained}


def _last_week(dataset: Path) -> tuple[str, str]:
    """Return the name and the Monday of the first week after the last record."""
    result = read_dataset(dataset)
    day = moment_of(default_cutoff(result.event_log(), result.info.time_zone), result.info.time_zone).date()
    monday = day + timedelta(days=-day.weekday() % 7)
    return week_name(monday), monday.isoformat()


def _bytes(address: str) -> int:
    """Return the size of the database with its write-ahead log."""
    file = Path(address.removeprefix("sqlite:///"))
    return sum(path.stat().st_size for path in file.parent.glob(f"{file.name}*"))


def _summed(commands: Commands, names: tuple[str, ...]) -> float | None:
    return sum(commands.seconds[name] for name in names) if set(names) <= set(commands.seconds) else None


def render(result: Mapping[str, Any]) -> list[str]:
    """Return a line for each command."""
    count, events, reps = (f"{result[name]:,}" for name in ("scored", "events", "reps"))
    lines = [f"{count} accounts scored of {events} events, {result['recommended']:,} actions for {reps} reps"]
    for name, seconds in result["seconds"].items():
        spent, peak = result["processor_seconds"][name], result["peak_gib"][name]
        lines.append(f"{name:18} {seconds:7.1f} s, {spent:.1f} s of processor, {peak:.1f} GiB")
    lines += [f"{form}: {total:.0f} s" for form, total in result["total"].items() if total is not None]
    if result["store_bytes"]:
        lines += [f"{name}: {size / 2**20:,.0f} MiB" for name, size in result["store_bytes"].items()]
    return lines
