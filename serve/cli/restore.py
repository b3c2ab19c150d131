"""`kqml restore`: an installation from a backup."""

from pathlib import Path
from typing import Annotated

import typer

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.backup import backup_locations
from serve.cli.output import emit


def run(
    backup: Annotated[Path, typer.Argument(help="A folder that `kqml backup` wrote.")],
    force: Annotated[bool, typer.Option("--force", help="Replace what is there. Stop the service before.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Checks every byte of a backup, then puts store, registry, artifacts and served models where the settings say.

    Refuses where something is there already, unless forced. Afterwards `kqml doctor` says whether all is well.

    Example: KQML_HOME=/srv/kqml kqml restore /backups/kqml-2026-11-22
    """
    from serve.operations.backup.restoring import restore_backup

    settings = read_settings()
    manifest = restore_backup(backup.absolute(), backup_locations(settings), force)
    result = {
        "made_at": manifest.made_at,
        "database": manifest.database,
        "revision": manifest.revision,
        "files": len(manifest.files),
        "secrets": manifest.secrets,
    }
    message = text("commands.restore.done", settings.language, **result)
    emit(result, as_json, lambda console: console.print(message, markup=False, soft_wrap=True))
