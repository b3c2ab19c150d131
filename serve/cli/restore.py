"""`kqml restore`: restore an installation from a backup."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Count, Moment
from serve.cli.command import Answer, CommandContext
from serve.cli.layout import Words


class RestoreResult(TypedDict):
    """A restored backup. `revision`: of the tables of the database; `secrets`: the secret keys were among the files;
    `webhooks`: how many were disabled."""

    made_at: Moment
    database: Literal["sqlite", "postgresql"]
    revision: str | None
    files: Count
    secrets: bool
    webhooks: Count


def run(
    backup: Annotated[Path, typer.Argument(help="Folder written by `kqml backup`.")],
    context: CommandContext,
    force: Annotated[
        bool, typer.Option("--force", help="Replace the existing installation. Stop the service first.")
    ] = False,
    keep_webhooks: Annotated[
        bool,
        typer.Option("--keep-webhooks", help="Leave webhooks enabled and their messages waiting."),
    ] = False,
) -> Answer[RestoreResult]:
    """Verify a backup and restore database, registry, artifacts and served models to where the settings say.

    An existing installation requires --force. Webhooks are disabled and their waiting messages cancelled, because the
    original may still run. Afterwards check the result with `kqml doctor`.

    Example: KQML_HOME=/srv/kqml kqml restore /backups/kqml-2026-11-22
    """
    from serve.operations.backup.locations import backup_locations
    from serve.operations.backup.restoring import RestoreOptions, restore_backup

    settings = context.settings
    options = RestoreOptions(force, keep_webhooks)
    restored = restore_backup(backup.absolute(), backup_locations(settings), context.now, options)
    manifest = restored.manifest
    result = RestoreResult(
        made_at=manifest.made_at,
        database=manifest.database,
        revision=manifest.revision,
        files=len(manifest.files),
        secrets=manifest.secrets,
        webhooks=restored.webhooks,
    )
    words = Words("commands.restore", context.language)
    disabled = [words.line("webhooks", **result)] if restored.webhooks else []
    return Answer(result, [words.line("done", **result), *disabled])
