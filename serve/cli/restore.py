"""`kqml restore`: restore an installation from a backup."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Count, Moment
from serve.cli.command import Answer, CommandContext, sentence


class RestoreResult(TypedDict):
    """A restored backup. `revision`: of the tables of the database; `secrets`: the secret keys were among the files."""

    made_at: Moment
    database: Literal["sqlite", "postgresql"]
    revision: str | None
    files: Count
    secrets: bool


def run(
    backup: Annotated[Path, typer.Argument(help="Folder written by `kqml backup`.")],
    context: CommandContext,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the existing installation. Stop the service first.")
    ] = False,
) -> Answer[RestoreResult]:
    """Verify a backup and restore database, registry, artifacts and served models to where the settings say.

    An existing installation requires --force. Afterwards check the result with `kqml doctor`.

    Example: KQML_HOME=/srv/kqml kqml restore /backups/kqml-2026-11-22
    """
    from serve.operations.backup.locations import backup_locations
    from serve.operations.backup.restoring import restore_backup

    settings = context.settings
    manifest = restore_backup(backup.absolute(), backup_locations(settings), force)
    result = RestoreResult(
        made_at=manifest.made_at,
        database=manifest.database,
        revision=manifest.revision,
        files=len(manifest.files),
        secrets=manifest.secrets,
    )
    return sentence("commands.restore.done", context.language, result)
