"""`kqml features`: the feature matrix of a dataset."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.cli.output import Advance, emit, progress
from kqml.errors import BadUse, Fault

if TYPE_CHECKING:
    from features.engine.build import Part

ROWS_A_PART = 16_384


def run(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    cutoff: Annotated[
        list[str] | None,
        typer.Option(help="Date or instant with offset, more than once for more; else the end of the data."),
    ] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Writes every feature of every account at one or more cutoffs, as it was known then.

    Example: kqml features data/iowa --cutoff 2020-01-01 --cutoff 2020-02-01 --out matrix.parquet
    """
    if out.exists() and not force:
        raise BadUse("The matrix was not written.", [Fault(str(out), "exists already", "give --force to replace it")])
    result = _write(dataset, cutoff or [], out)
    words = "{rows} rows × {columns} features of {accounts} accounts written to {out}".format_map(result)
    emit(result, as_json, lambda console: console.print(words, highlight=False, soft_wrap=True))


def _write(folder: Path, asked: list[str], out: Path) -> dict[str, object]:
    import numpy as np

    from features.catalog import catalog, catalog_fingerprint
    from features.context import context_of
    from features.cutoffs import default_cutoff, parse_cutoff
    from features.engine import stream_features
    from features.matrix_file import write_matrix
    from features.peers import Peers
    from features.plan import compile_plan
    from features.profile import cells_of, profile_of
    from features.rows import Rows
    from kqml.calendar import moment_of
    from kqml.dataset import read_dataset

    dataset = read_dataset(folder)
    log, zone = dataset.event_log(), dataset.info.time_zone
    cutoffs = np.array([parse_cutoff(text, zone) for text in asked] or [default_cutoff(log, zone)])
    rows, plan = Rows.grid(log.account_count, cutoffs), compile_plan(catalog())
    context = context_of(dataset.info, dataset.accounts(), log)
    peers = Peers(cells_of(profile_of(dataset, rows), len(rows)))
    parts = stream_features(log, rows, plan, context, peers=peers, chunk=ROWS_A_PART)
    with progress("Building features", len(rows)) as advance:
        write_matrix(out, log, rows, plan.columns, _told(parts, advance))
    return {
        "out": str(out),
        "rows": len(rows),
        "accounts": log.account_count,
        "columns": len(plan.columns),
        "cutoffs": [moment_of(cutoff, zone).isoformat() for cutoff in np.unique(cutoffs).tolist()],
        "catalog": catalog_fingerprint(plan.features),
    }


def _told(parts: "Iterator[Part]", advance: Advance) -> "Iterator[Part]":
    for part, values in parts:
        yield part, values
        advance(len(values))
