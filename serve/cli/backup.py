"""`kqml backup`: a copy of the store, the registry, the models, that `kqml restore` makes an installation from."""

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kqml.messages import text
from kqml.settings import Settings, read_settings
from serve.cli.output import emit, progress

if TYPE_CHECKING:
    from serve.operations.backup.locations import BackupLocations


def run(
    out: Annotated[Path, typer.Option(help="Folder to write; must not exist.")],
    secrets: Annotated[
        bool,
        typer.Option("--secrets", help="Copy the file of secret keys, too: whoever has the backup reads everything."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Copies store, registry, artifacts and served models as they are at one moment; the service may go on.

    PostgreSQL is copied by `pg_dump`, which must be on the PATH. An MLflow server is not copied: it has a backup of its
    own. Without --secrets keep the secret keys elsewhere: personal data cannot be read without them.

    Example: kqml backup --out /backups/kqml-2026-11-22
    """
    from serve.operations.backup.saving import STEPS, save_backup

    settings = read_settings()
    with progress("Saving", STEPS) as advance:
        manifest = save_backup(backup_locations(settings), out.absolute(), datetime.now(UTC), secrets, advance)
    result = {
        "out": str(out),
        "database": manifest.database,
        "revision": manifest.revision,
        "files": len(manifest.files),
        "secrets": manifest.secrets,
    }
    message = text(f"commands.backup.{'with' if manifest.secrets else 'without'}_secrets", settings.language, **result)
    emit(result, as_json, lambda console: console.print(message, markup=False, soft_wrap=True))


def backup_locations(settings: Settings) -> "BackupLocations":
    """Where the settings say that everything is."""
    from serve.database.engine import parse_address
    from serve.operations.backup.locations import BackupLocations

    local = settings.registry_uri.removeprefix("sqlite:///")
    return BackupLocations(
        home=settings.home.absolute(),
        address=parse_address(settings.database_address),
        registry=Path(local) if local != settings.registry_uri else None,
        secrets=settings.secret_file.absolute(),
    )
