"""One engine's build in a process of its own: seconds, peak memory, a sample of the rows.

`python -m experiments.bench.feature_build.runner FORMULATION --folder F --cutoffs N --set core --sample FILE` prints
one JSON object. The clock runs from opening the files to the last row; libraries are imported, our machine code is
loaded before.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import orjson
from numpy.typing import NDArray

from experiments.bench.feature_build import by_duckdb, by_engine, by_polars
from experiments.bench.feature_build.company import cutoffs_of
from experiments.bench.feature_build.feature_requests import SETS, FeatureRequest, feature_request, seasons_of

SAMPLED = 97
"""Every so many accounts are compared."""

Numbers = NDArray[np.float64]
Part = tuple[NDArray[np.int64], NDArray[np.int64], Callable[[NDArray[np.bool_]], Numbers]]
"""Account numbers, cutoffs, what gives the chosen rows' values."""

Build = Callable[[Path, FeatureRequest, list[int]], Iterator[Part]]


def main() -> None:
    """Builds, samples, answers."""
    args = _parser().parse_args()
    build, request = BUILDS[args.formulation](), feature_request(SETS[args.set]())
    started, worked = time.perf_counter(), time.process_time()
    rows, sample = consumed(build(args.folder, request, cutoffs_of(args.cutoffs).tolist()))
    seconds, cpu = time.perf_counter() - started, time.process_time() - worked
    np.savez(args.sample, account=sample.account, cutoff=sample.cutoff, values=sample.values)
    sys.stdout.buffer.write(
        orjson.dumps({"seconds": seconds, "cpu_seconds": cpu, "peak_mib": peak_mib(), "rows": rows})
    )


def peak_mib() -> float:
    """The most memory that this process has held (getrusage would count the one that started it)."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


class RowSample(NamedTuple):
    """Some rows, by account, then cutoff."""

    account: NDArray[np.int64]
    cutoff: NDArray[np.int64]
    values: Numbers


def consumed(parts: Iterator[Part]) -> tuple[int, RowSample]:
    """The number of rows, the sampled ones."""
    rows, retained = 0, []
    for account, cutoff, values in parts:
        rows += len(account)
        mask = account % SAMPLED == 0
        retained.append(RowSample(account[mask], cutoff[mask], values(mask)))
    account = np.concatenate([part.account for part in retained])
    cutoff = np.concatenate([part.cutoff for part in retained])
    order = np.lexsort((cutoff, account))
    numbers = np.concatenate([part.values for part in retained])
    return rows, RowSample(account[order], cutoff[order], numbers[order])


def _engine() -> Build:
    from features.engine.warm import warm

    warm()

    def build(folder: Path, request: FeatureRequest, cutoffs: list[int]) -> Iterator[Part]:
        before = 0
        for built in by_engine.by_chunks(folder, request, cutoffs):
            yield before + built.rows.account.astype(np.int64), built.rows.cutoff, built.values.__getitem__
            before += len(built.accounts)

    return build


def _polars(formulation: str) -> Build:
    import polars as pl

    def build(folder: Path, request: FeatureRequest, cutoffs: list[int]) -> Iterator[Part]:
        for frame in getattr(by_polars, formulation)(folder, request, cutoffs, seasons_of(request, cutoffs)):
            numbers = frame.select(pl.col(request.columns).cast(pl.Float64).fill_null(float("nan")))

            def chosen(mask: NDArray[np.bool_], numbers: pl.DataFrame = numbers) -> Numbers:
                return numbers.filter(pl.Series(mask)).to_numpy()

            yield frame["account"].to_numpy().astype(np.int64), frame["cutoff"].to_numpy(), chosen

    return build


def _duckdb(formulation: str) -> Build:
    import pyarrow as pa

    def build(folder: Path, request: FeatureRequest, cutoffs: list[int]) -> Iterator[Part]:
        for batch in getattr(by_duckdb, formulation)(folder, request, cutoffs, seasons_of(request, cutoffs)):

            def chosen(mask: NDArray[np.bool_], batch: pa.RecordBatch = batch) -> Numbers:
                few = batch.filter(pa.array(mask))
                columns = [few[name].cast(pa.float64()).to_numpy(zero_copy_only=False) for name in request.columns]
                return np.stack(columns, axis=1)

            yield batch["account"].to_numpy(), batch["cutoff"].to_numpy(), chosen

    return build


BUILDS: dict[str, Callable[[], Build]] = {
    "engine": _engine,
    "polars by_cutoff": lambda: _polars("by_cutoff"),
    "polars by_pairs": lambda: _polars("by_pairs"),
    "duckdb by_cutoff": lambda: _duckdb("by_cutoff"),
    "duckdb by_range_join": lambda: _duckdb("by_range_join"),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser()
    parser.add_argument("formulation", choices=BUILDS)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--cutoffs", type=int, required=True)
    parser.add_argument("--set", choices=SETS, required=True)
    parser.add_argument("--sample", type=Path, required=True)
    return parser


if __name__ == "__main__":
    main()
