"""`kqml import`: files or queries become a dataset, in a folder or in the store, or a report says why they cannot."""

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.settings import read_settings
from serve.cli.database_import import load, load_folder, print_loaded
from serve.cli.database_option import DatabaseOption
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit, progress

if TYPE_CHECKING:
    from rich.console import Console

    from kqml.importing.report import UsabilityReport


def run(  # noqa: PLR0913 - the flags of one command
    files: Annotated[
        list[Path] | None, typer.Argument(help="CSV, Excel or Parquet files; or a dataset folder, for --database.")
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(help="Mapping file (TOML), or the name of a shipped mapping; none for a dataset folder."),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(help="Dataset folder to write; must not exist without --force. Or --database.")
    ] = None,
    database: DatabaseOption = None,
    sql: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="URL QUERY", help="A database address and a query; a mapping's `files` calls it sql."),
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Business time zone, instead of the mapping's.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency, instead of the mapping's.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace a dataset that is already there.")] = False,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Turns files or SQL queries into a dataset, with a data usability report.

    Exits with 1 and writes nothing where the data cannot be used. How to write a mapping: docs/importing.md. With
    --database the dataset also goes into the store, which takes events that it has already only once.

    Example: kqml import --mapping iowa_stores --out data/iowa store_day.parquet
    """
    from kqml.importing.mapping_file import read_mapping
    from kqml.importing.pipeline import STEPS, import_dataset
    from kqml.importing.sources import sources_of

    settings = read_settings()
    speech = chosen_language(language, settings.language)
    if mapping is None:
        loaded = load_folder(files or [], database, settings)
        emit({"stored": loaded}, as_json, lambda console: print_loaded(console, loaded, speech))
        return
    mapped = read_mapping(mapping).elsewhere(time_zone, currency)
    now = time.time_ns() // 1000
    with _folder(out, database is not None) as folder:
        with progress("Importing", STEPS) as advance:
            report = import_dataset(mapped, sources_of(files or [], sql), folder, now, force=force, stepped=advance)
        result = report.to_dict(speech) | ({} if out else {"written": None})
        stored = load(folder, database, settings) if database and report.usable else None
    emit(result if stored is None else {**result, "stored": stored}, as_json, partial(_say, report, stored, speech))
    if not report.usable:
        raise SystemExit(1)


def _say(report: "UsabilityReport", stored: Mapping[str, int] | None, language: str, console: "Console") -> None:
    from serve.cli.usability_tables import print_report

    print_report(console, report, language)
    if stored is not None:
        print_loaded(console, stored, language)


@contextmanager
def _folder(out: Path | None, stored: bool) -> Iterator[Path]:
    """Where the dataset is written: the folder named, else one that goes once the dataset is in the store."""
    if out is not None:
        yield out
    elif not stored:
        raise BadUse(
            "There is nowhere to write to.", [Fault("--out", "is absent", "name a folder, or give --database")]
        )
    else:
        with tempfile.TemporaryDirectory(prefix="kqml-import-") as scratch:
            yield Path(scratch) / "dataset"
