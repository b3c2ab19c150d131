"""`kqml export`: the store as a dataset folder."""

from pathlib import Path
from typing import Annotated

import typer

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import actor, now
from serve.cli.database_option import OWN, DatabaseOption, open_database_option
from serve.cli.output import emit, progress


def run(
    out: Annotated[Path, typer.Option(help="Dataset folder to write; must not exist without --force.")],
    database: DatabaseOption = OWN,
    force: Annotated[bool, typer.Option("--force", help="Replace a dataset that is already there.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Writes what the store holds at this moment as a dataset, contacts readable: keep it as safe as the store.

    Example: kqml export --out data/today
    """
    from serve.database.dataset_export import export_dataset
    from serve.security.audit import AuditEvent, record_event

    settings = read_settings()
    with progress("Exporting", None), open_database_option(database or OWN, settings) as output:
        dataset = export_dataset(output.database, out, output.vault, force=force)
        with output.database.writing() as connection:
            record_event(connection, actor(), [AuditEvent("contact.export_all")], now())
    result = {
        "out": str(out),
        "fingerprint": dataset.info.fingerprint,
        "events": len(dataset.events(["event_id"])),
        **{name: len(dataset.table(name)) for name in ("accounts", "contacts", "reps")},
    }
    message = text("commands.export.written", settings.language, **result)
    emit(result, as_json, lambda console: console.print(message, markup=False, highlight=False, soft_wrap=True))
