"""Importing a CSV file larger than the memory allowed: seconds, peak memory."""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv

from kqml.errors import CouldNot

BLOCK_ROWS = 500_000
ACCOUNTS, ITEMS, DAYS = 20_000, 3_000, 730
MAPPING = """
version = 1
time_zone = "Asia/Shanghai"

[[events]]

[events.columns]
account_id = "shop"
occurred_at = "ordered_at"
kind = { constant = "order" }
amount = { product = ["price", "pieces"] }
quantity = "pieces"
"""
PER_LINE = 'event_id = "line_no"\n'
PER_DAY = '\n[events.aggregate]\nper = "day"\nlines = "item"\n'


def describe(parser: argparse.ArgumentParser) -> None:
    """The size of the file, what a row becomes."""
    parser.add_argument("--megabytes", type=int, default=1000, help="size of the CSV file (1000 = 1 GB)")
    parser.add_argument("--per", choices=("line", "day"), default="line", help="one event for each line, or each day")
    parser.add_argument("--folder", type=Path, default=None, help="where the file is made, then deleted")
    parser.add_argument("--seed", type=int, default=0)


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Makes the file, imports it in a process of its own, deletes both."""
    with tempfile.TemporaryDirectory(dir=args.folder) as temporary:
        folder = Path(temporary)
        rows = write_lines(folder / "lines.csv", args.megabytes * 1_000_000, args.seed)
        (folder / "mapping.toml").write_text(MAPPING + (PER_LINE if args.per == "line" else PER_DAY), encoding="utf-8")
        size = (folder / "lines.csv").stat().st_size
        measured = measure_import(folder)
    parameters = {"megabytes": args.megabytes, "per": args.per, "seed": args.seed}
    return {"parameters": parameters, "csv_bytes": size, "rows": rows, **measured}


def render(result: Mapping[str, Any]) -> list[str]:
    """One line for a person."""
    size, rows = result["csv_bytes"] / 1e9, result["rows"]
    measured = f"{result['seconds']:.1f} s, peak {result['peak_mib']:.0f} MiB, {result['events']:,} events"
    return [f"{size:.2f} GB of CSV, {rows:,} rows: {measured}"]


def write_lines(path: Path, size: int, seed: int) -> int:
    """Writes order lines until the file has `size` bytes; the number of rows."""
    rows = 0
    with path.open("wb") as file:
        for block in _blocks(seed):
            header = pyarrow.csv.WriteOptions(include_header=rows == 0)
            pyarrow.csv.write_csv(block, file, header)
            rows += len(block)
            if file.tell() >= size:
                return rows
    return rows


def _blocks(seed: int) -> Iterator[pa.Table]:
    rng = np.random.default_rng(seed)
    start = np.datetime64("2022-01-01T00:00:00")
    first = 0
    while True:
        number = np.arange(first, first + BLOCK_ROWS)
        first += BLOCK_ROWS
        moments = start + rng.integers(0, DAYS * 86_400, BLOCK_ROWS).astype("timedelta64[s]")
        shops = np.char.add("shop-", rng.integers(0, ACCOUNTS, BLOCK_ROWS).astype(str))
        yield pa.table(
            {
                "line_no": number,
                "shop": shops,
                "ordered_at": pa.array(moments).cast(pa.string()),
                "item": np.char.add("item-", rng.integers(0, ITEMS, BLOCK_ROWS).astype(str)),
                "price": rng.integers(1, 9_999, BLOCK_ROWS) / 100,
                "pieces": rng.integers(1, 40, BLOCK_ROWS),
            }
        )


def measure_import(folder: Path) -> dict[str, Any]:
    """Imports `lines.csv` by `mapping.toml` into `dataset`: seconds, peak MiB of that process, events written.

    `cpu_seconds` tell how busy the machine was with other things.
    """
    words = ["import", "--mapping", str(folder / "mapping.toml"), "--out", str(folder / "dataset"), "--json"]
    begun = time.perf_counter()
    with (folder / "report.json").open("wb") as answer:
        child = subprocess.Popen([sys.executable, "-m", "kqml", *words, str(folder / "lines.csv")], stdout=answer)
        _, status, usage = os.wait4(child.pid, 0)
    seconds = time.perf_counter() - begun
    child.returncode = os.waitstatus_to_exitcode(status)
    report = json.loads((folder / "report.json").read_bytes() or b"{}")
    if child.returncode:
        raise CouldNot(f"The import ended with {child.returncode}: {report}")
    return {
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_mib": usage.ru_maxrss / 1024,
        "events": report["summary"]["events"],
    }
