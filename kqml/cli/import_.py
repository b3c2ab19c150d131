"""`kqml import`: files or queries become a dataset, or a report says why they cannot."""

import time
from pathlib import Path
from typing import Annotated

import typer

from kqml.cli.language import LanguageFlag, spoken
from kqml.cli.output import emit, progress
from kqml.settings import read_settings


def run(  # noqa: PLR0913 - the flags of one command
    mapping: Annotated[str, typer.Option(help="Mapping file (TOML), or the name of a shipped mapping.")],
    out: Annotated[Path, typer.Option(help="Dataset folder to write; must not exist without --force.")],
    files: Annotated[list[Path] | None, typer.Argument(help="CSV, Excel or Parquet files.")] = None,
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

    Exits with 1 and writes nothing where the data cannot be used. How to write a mapping: docs/importing.md.

    Example: kqml import --mapping iowa_stores --out data/iowa store_day.parquet
    """
    from kqml.importing.mapping_file import read_mapping
    from kqml.importing.pipeline import STEPS, import_dataset
    from kqml.importing.sources import sources_of

    speech = spoken(language, read_settings().language)
    mapped = read_mapping(mapping).elsewhere(time_zone, currency)
    now = time.time_ns() // 1000
    with progress("Importing", STEPS) as advance:
        report = import_dataset(mapped, sources_of(files or [], sql), out, now, force=force, stepped=advance)
    from kqml.cli.usability_tables import print_report

    emit(report.to_dict(speech), as_json, lambda console: print_report(console, report, speech))
    if not report.usable:
        raise SystemExit(1)
