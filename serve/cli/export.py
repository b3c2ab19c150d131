"""`kqml export`: export the database as a dataset folder."""

from pathlib import Path
from typing import Annotated

import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Count, Fingerprint
from serve.cli.administration import actor
from serve.cli.command import Answer, CommandContext, sentence
from serve.cli.database_option import OWN, DatabaseOption, open_database_option
from serve.cli.output import progress


class ExportResult(TypedDict):
    """The dataset written, with the counts of its records."""

    out: str
    fingerprint: Fingerprint
    events: Count
    accounts: Count
    contacts: Count
    reps: Count


def run(
    out: Annotated[Path, typer.Option(help="Dataset folder to write. An existing one requires --force.")],
    context: CommandContext,
    database: DatabaseOption = OWN,
    force: Annotated[bool, typer.Option("--force", help="Replace an existing dataset.")] = False,
) -> Answer[ExportResult]:
    """Export the database as a dataset folder.

    The export contains the personal data of contacts unencrypted. Protect it like the database.

    Example: kqml export --out data/today
    """
    from serve.usecases.export_database import ExportRequest, export_database

    settings = context.settings
    with progress("Exporting", None), open_database_option(database or OWN, settings) as opened:
        dataset = export_database(opened, ExportRequest(out, force, actor()), context.now)
    result = ExportResult(
        out=str(out),
        fingerprint=dataset.info.fingerprint,
        events=len(dataset.events(["event_id"])),
        accounts=len(dataset.table("accounts")),
        contacts=len(dataset.table("contacts")),
        reps=len(dataset.table("reps")),
    )
    return sentence("commands.export.written", context.language, result)
