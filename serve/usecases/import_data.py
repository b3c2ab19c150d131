"""Import files or queries as a dataset, into a folder, into the database, or both."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from typing_extensions import TypedDict

from kqml.dataset.folder import read_dataset
from kqml.errors import BadUse, Fault
from kqml.importing.mapping_file import read_mapping
from kqml.importing.pipeline import STEPS, import_dataset
from kqml.importing.report import DescribedReport, UsabilityReport
from kqml.importing.sources import sources_of
from kqml.importing.suggesting import suggest_mapping
from serve.database.dataset_import import ImportedCounts, load_dataset
from serve.usecases.database_access import OpenDatabase

__all__ = ["STEPS", "ImportRequest", "ImportResult", "ImportedCounts", "draft_mapping", "import_data", "load_folder"]

OpenTarget = Callable[[], AbstractContextManager[OpenDatabase]]
"""Opens the database that the data go into, once they are known to be usable."""


@dataclass(frozen=True, kw_only=True)
class ImportRequest:
    """Files and a query (address, SQL) with the mapping that reads them, the folder to write (None: none is kept).
    `dry_run`: write nothing."""

    files: tuple[Path, ...]
    sql: tuple[str, str] | None
    mapping: str
    out: Path | None
    time_zone: str | None
    currency: str | None
    force: bool
    dry_run: bool = False


@dataclass(frozen=True)
class ImportResult:
    """The data usability report; the rows that went into the database, None where none were to."""

    report: UsabilityReport
    stored: ImportedCounts | None


class StoredDataset(TypedDict):
    """The rows of a dataset folder that went into the database."""

    stored: ImportedCounts


class StoredImport(DescribedReport, StoredDataset):
    """The data usability report in one language with the rows that went into the database."""


def import_data(
    request: ImportRequest, target: OpenTarget | None, now: int, advance: Callable[[int], None]
) -> ImportResult:
    """Import a dataset where the report finds the data usable, else write nothing; `advance` counts STEPS.

    Raises BadUse where there is neither a folder nor a database to write to.
    """
    mapping = read_mapping(request.mapping).elsewhere(request.time_zone, request.currency)
    sources = sources_of(request.files, request.sql)
    if request.dry_run:
        with _folder(None, True) as folder:
            return ImportResult(import_dataset(mapping, sources, folder, now, preview=True, stepped=advance), None)
    with _folder(request.out, target is not None) as folder:
        report = import_dataset(mapping, sources, folder, now, force=request.force, stepped=advance)
        stored = load_folder(folder, target, now) if target is not None and report.usable else None
    return ImportResult(report if request.out is not None else replace(report, written=None), stored)


class MappingDraft(TypedDict):
    """The text of a mapping drafted from files, for a person to correct."""

    mapping: str


def draft_mapping(files: Sequence[Path], time_zone: str | None) -> MappingDraft:
    """Draft a mapping from the files; `time_zone`: the business time zone."""
    return MappingDraft(mapping=suggest_mapping(files, time_zone or "Asia/Shanghai"))


def load_folder(folder: Path, target: OpenTarget, now: int) -> ImportedCounts:
    """Put a dataset folder into the database."""
    dataset = read_dataset(folder)
    with target() as database:
        return load_dataset(database.database, dataset, now, database.vault)


@contextmanager
def _folder(out: Path | None, stored: bool) -> Iterator[Path]:
    """The folder named, else one that is deleted once the dataset is in the database."""
    if out is not None:
        yield out
    elif not stored:
        raise BadUse(
            "There is nowhere to write to.", [Fault("--out", "is absent", "name a folder, or give --database")]
        )
    else:
        with tempfile.TemporaryDirectory(prefix="kqml-import-") as scratch:
            yield Path(scratch) / "dataset"
