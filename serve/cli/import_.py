"""`kqml import`: import files or queries as a dataset, into a folder or the database."""

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from serve.cli.command import Answer, CommandContext
from serve.cli.database_option import FLAG, DatabaseOption, open_database_option
from serve.cli.layout import Line
from serve.cli.output import progress

if TYPE_CHECKING:
    from kqml.importing.report import DescribedReport, PreviewedReport
    from serve.usecases.import_data import ImportedCounts, MappingDraft, OpenTarget, StoredDataset, StoredImport


def run(  # noqa: PLR0913 - the flags of one command
    context: CommandContext,
    files: Annotated[
        list[Path] | None, typer.Argument(help="CSV, Excel or Parquet files. With --database also one dataset folder.")
    ] = None,
    mapping: Annotated[
        str | None,
        typer.Option(help="Mapping file (TOML) or name of a shipped mapping. Not used for a dataset folder."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(help="Dataset folder to write. An existing one requires --force. Not needed with --database."),
    ] = None,
    database: DatabaseOption = None,
    sql: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="URL QUERY", help="Database URL and query. In the mapping, `files` refers to it as sql."),
    ] = None,
    time_zone: Annotated[str | None, typer.Option(help="Business time zone. Overrides the mapping.")] = None,
    currency: Annotated[str | None, typer.Option(help="Currency. Overrides the mapping.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing dataset.")] = False,
    suggest: Annotated[
        bool, typer.Option("--suggest", help="Print a draft of a mapping for the files. Needs no mapping.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Write nothing: print the report and 20 events as they would be stored.")
    ] = False,
) -> Answer["DescribedReport | PreviewedReport | StoredImport | StoredDataset | MappingDraft"]:
    """Import files or SQL queries as a dataset and print a data usability report.

    If the data cannot be used, the command writes nothing and exits with 1. See docs/importing.md for mapping files.
    With --suggest it drafts a mapping file from the files instead; --dry-run shows what an import would store.
    With --database the dataset is also loaded into the database; events that are already there are not added again.

    Example: kqml import --mapping iowa_stores --out data/iowa store_day.parquet
    """
    from kqml.importing.report import PreviewedReport
    from serve.cli.layouts.usability import show_preview, show_usability
    from serve.usecases.import_data import STEPS, ImportRequest, StoredImport, draft_mapping, import_data

    if suggest:
        draft = draft_mapping(files or [], time_zone)
        return Answer(draft, [Line(line) for line in draft["mapping"].splitlines()])
    target = None if database is None else partial(open_database_option, database, context.settings)
    if mapping is None:
        return _load_folder(files or [], target, context)
    request = ImportRequest(
        files=tuple(files or ()),
        sql=sql,
        mapping=mapping,
        out=out,
        time_zone=time_zone,
        currency=currency,
        force=force,
        dry_run=dry_run,
    )
    with progress("Importing", STEPS) as advance:
        imported = import_data(request, target, context.now, advance)
    report = imported.report.describe(context.language)
    blocks = [*show_usability(imported.report, context.language)]
    if dry_run:
        blocks.insert(-1, show_preview(imported.report.preview))
        previewed = PreviewedReport(**report, preview=imported.report.preview)
        return Answer(previewed, blocks, exit_code=int(not imported.report.usable))
    if imported.stored is None:
        return Answer(report, blocks, exit_code=int(not imported.report.usable))
    blocks.append(_loaded_line(imported.stored, context.language))
    return Answer(StoredImport(**report, stored=imported.stored), blocks)


def _load_folder(
    files: "Sequence[Path]", target: "OpenTarget | None", context: CommandContext
) -> Answer["StoredDataset"]:
    """Load without a mapping. Raises BadUse unless the command line names one dataset folder and a database."""
    from serve.usecases.import_data import StoredDataset, load_folder

    if target is None or len(files) != 1 or not (files[0] / "dataset.json").is_file():
        todo = f"name a mapping, or one dataset folder with {FLAG}"
        raise BadUse("The option --mapping is missing.", [Fault("--mapping", "is missing", todo)])
    with progress("Loading into the database", None):
        loaded = load_folder(files[0], target, context.now)
    return Answer(StoredDataset(stored=loaded), [_loaded_line(loaded, context.language)])


def _loaded_line(loaded: "ImportedCounts", language: str) -> Line:
    return Line(text("commands.load.done", language, **vars(loaded)))
