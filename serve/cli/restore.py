"""`kqml restore`: an installation from a backup."""

from pathlib import Path
from typing import Annotated

import typer

from serve.cli.backup import backup_locations
from serve.cli.command import Answer, CommandContext, sentence


def run(
    backup: Annotated[Path, typer.Argument(help="A folder that `kqml backup` wrote.")],
    context: CommandContext,
    force: Annotated[bool, typer.Option("--force", help="Replace what is there. Stop the service before.")] = False,
) -> Answer:
    """Checks every byte of a backup, then puts database, registry, artifacts and served models where the settings say.

    Refuses where something is there already, unless forced. Afterwards `kqml doctor` says whether all is well.

    Example: KQML_HOME=/srv/kqml kqml restore /backups/kqml-2026-11-22
    """
    from serve.operations.backup.restoring import restore_backup

    settings = context.settings
    manifest = restore_backup(backup.absolute(), backup_locations(settings), force)
    result = {
        "made_at": manifest.made_at,
        "database": manifest.database,
        "revision": manifest.revision,
        "files": len(manifest.files),
        "secrets": manifest.secrets,
    }
    return sentence("commands.restore.done", context.language, result)
