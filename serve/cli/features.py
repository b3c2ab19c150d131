"""`kqml features`: the feature matrix of a dataset."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.playbook import Playbook
from kqml.settings import read_settings
from serve.cli.output import Advance, emit, progress
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from features.streaming import BuiltMatrix


def run(
    dataset: Annotated[Path, typer.Argument(help="Dataset folder, made by `kqml import`.")],
    out: Annotated[Path, typer.Option("--out", help="Parquet file to write.")],
    cutoff: Annotated[
        list[str] | None,
        typer.Option(help="Date or instant with offset, more than once for more; else the end of the data."),
    ] = None,
    playbook: PlaybookFlag = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing file.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Writes every feature of every account at one or more cutoffs, as it was known then.

    Example: kqml features data/iowa --cutoff 2020-01-01 --cutoff 2020-02-01 --out matrix.parquet
    """
    if out.exists() and not force:
        raise BadUse("The matrix was not written.", [Fault(str(out), "exists already", "give --force to replace it")])
    settings = read_settings()
    result = _write(dataset, cutoff or [], out, read_playbook_in_force(playbook, settings))
    shown = {name: result[name] for name in ("rows", "columns", "accounts", "out")}
    words = text("commands.features.written", settings.language, **shown)
    emit(result, as_json, lambda console: console.print(words, highlight=False, soft_wrap=True))


def _write(folder: Path, request: list[str], out: Path, playbook: Playbook) -> dict[str, object]:
    import numpy as np

    from features.catalog import catalog, catalog_fingerprint
    from features.cutoffs import default_cutoff, parse_cutoff
    from features.matrix_file import write_matrix
    from features.plan import compile_plan
    from features.streaming import stream_dataset
    from kqml.calendar.business_time import moment_of
    from kqml.dataset.folder import read_dataset

    dataset, plan = read_dataset(folder), compile_plan(catalog(playbook))
    zone = dataset.info.time_zone
    cutoffs = np.unique([parse_cutoff(words, zone) for words in request] or [default_cutoff(dataset.event_log(), zone)])
    result = _Told()
    with progress("Building features", None) as advance:
        write_matrix(out, plan.columns, result.through(stream_dataset(dataset, cutoffs, plan), advance))
    return {
        "out": str(out),
        "rows": result.accounts * len(cutoffs),
        "accounts": result.accounts,
        "columns": len(plan.columns),
        "cutoffs": [moment_of(cutoff, zone).isoformat() for cutoff in cutoffs.tolist()],
        "catalog": catalog_fingerprint(plan.features),
    }


@dataclass
class _Told:
    """How many accounts went by."""

    accounts: int = 0

    def through(self, parts: "Iterable[BuiltMatrix]", advance: Advance) -> "Iterator[BuiltMatrix]":
        for part in parts:
            yield part
            self.accounts += len(part.accounts)
            advance(len(part.rows))
