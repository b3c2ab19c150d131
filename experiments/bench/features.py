"""Feature build: our engine, Polars and DuckDB on the same files with equal results."""

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import orjson

from experiments.bench.feature_build.company import write_company
from experiments.bench.feature_build.feature_requests import COMPARED, SETS, feature_request

ENGINE = "engine"
PEERS = {
    "polars": ("polars by_cutoff", "polars by_pairs"),
    "duckdb": ("duckdb by_cutoff", "duckdb by_range_join"),
}
"""Two formulations of each; the faster counts."""

TOLERANCE = 1e-9
LIMIT_SECONDS = 3_600
SMALLER = 10
"""Our peak memory is measured at a tenth of the size as well: it is bounded by the chunk, not by the data."""


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the size of the company."""
    parser.add_argument("--accounts", type=int, default=100_000)
    parser.add_argument("--events", type=int, default=10_000_000)
    parser.add_argument("--cutoffs", type=int, default=25)
    parser.add_argument("--limit", type=int, default=LIMIT_SECONDS, help="seconds after which a formulation is stopped")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure seconds, ratios and peak memory of both sets of features; `equal`: all values are equal."""
    with tempfile.TemporaryDirectory(prefix="kqml-bench-") as folder:
        company = Path(folder) / "company"
        write_company(company, args.accounts, args.events)
        core, full = (_compare(company, name, args) for name in COMPARED)
        whole = _run(ENGINE, company, "whole", args)
        small = company.parent / "small"
        write_company(small, args.accounts // SMALLER, args.events // SMALLER)
        tenth = {name: _run(ENGINE, small, name, args).get("peak_mib") for name in SETS}
    parameters = {"accounts": args.accounts, "events": args.events, "cutoffs": args.cutoffs}
    return {
        "parameters": parameters,
        **core,
        "peak_mib_tenth": tenth["core"],
        "full": {**full, "peak_mib_tenth": tenth["full"]},
        "whole": {"features": len(SETS["whole"]()), **whole, "peak_mib_tenth": tenth["whole"]},
    }


def _compare(company: Path, name: str, args: argparse.Namespace) -> dict[str, Any]:
    runs = {
        name_of_run: _run(name_of_run, company, name, args)
        for name_of_run in (ENGINE, *(f for both in PEERS.values() for f in both))
    }
    ours = runs[ENGINE]
    best = {peer: _fastest([runs[name_of_run] for name_of_run in both]) for peer, both in PEERS.items()}
    return {
        "features": len(SETS[name]()),
        "seconds": ours.get("seconds"),
        **{f"{peer}_seconds": seconds for peer, seconds in best.items()},
        **{f"ratio_{peer}": seconds / ours["seconds"] if seconds else None for peer, seconds in best.items()},
        "equal": all(run.get("equal", True) for run in runs.values()),
        "peak_mib": ours.get("peak_mib"),
        "rows": ours.get("rows"),
        "formulations": runs,
    }


def _fastest(runs: list[dict[str, Any]]) -> float | None:
    return min((run["seconds"] for run in runs if "seconds" in run), default=None)


def _run(formulation: str, company: Path, name: str, args: argparse.Namespace) -> dict[str, Any]:
    """Run one formulation in its own process and return its result or its error."""
    sample = company.parent / f"{name}-{formulation}.npz"
    command = [sys.executable, "-m", "experiments.bench.feature_build.runner", formulation, "--folder", str(company)]
    options = ["--cutoffs", str(args.cutoffs), "--set", name, "--sample", str(sample)]
    try:
        done = subprocess.run([*command, *options], capture_output=True, timeout=args.limit, check=False)
    except subprocess.TimeoutExpired:
        return {"stopped_after": args.limit}
    if done.returncode:
        return {"failed": f"exit {done.returncode}: {done.stderr.decode()[-400:]}"}
    return {**orjson.loads(done.stdout), **equality(sample, company.parent / f"{name}-{ENGINE}.npz", name)}


def equality(sample: Path, ours: Path, name: str) -> dict[str, Any]:
    """Whether a sample has the same rows, missing values, numbers as ours; the columns where it has not."""
    theirs, own = np.load(sample), np.load(ours)
    if not (np.array_equal(theirs["account"], own["account"]) and np.array_equal(theirs["cutoff"], own["cutoff"])):
        return {"equal": False, "different": ["rows"]}
    same = np.isclose(theirs["values"], own["values"], rtol=TOLERANCE, atol=TOLERANCE, equal_nan=True).all(axis=0)
    columns = feature_request(SETS[name]()).columns
    return {"equal": bool(same.all()), "different": [columns[index] for index in np.flatnonzero(~same)]}


def render(result: Mapping[str, Any]) -> Iterator[str]:
    """Return a line for each set of features and engine."""
    for label, comparison in (("core", result), ("full", result["full"])):
        size = f"{comparison['features']} features, {comparison['rows']} rows"
        yield f"{label}: {size}, values equal: {comparison['equal']}"
        for formulation, details in comparison["formulations"].items():
            seconds, peak = details.get("seconds"), details.get("peak_mib")
            yield f"  {formulation}: {seconds:.2f} s, {peak:.0f} MiB" if seconds else f"  {formulation}: {details}"
        yield f"  ratio to Polars {comparison['ratio_polars']}, to DuckDB {comparison['ratio_duckdb']}"
        yield f"  our peak memory at a tenth of the size: {comparison['peak_mib_tenth']} MiB"
    whole = result["whole"]
    yield f"whole catalog, ours alone: {whole['features']} features, {whole.get('seconds')} s"
