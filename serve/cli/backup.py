"""`kqml backup`: copy the database, the registry and the models so that `kqml restore` can restore them."""

from pathlib import Path
from typing import Annotated, Literal

import typer
from typing_extensions import TypedDict

from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count
from serve.cli.command import Answer, CommandContext, sentence
from serve.cli.output import progress


class BackupResult(TypedDict):
    """A backup. `revision`: of the tables of the database; `secrets`: the secret keys are among the files."""

    out: str
    database: Literal["sqlite", "postgresql"]
    revision: str | None
    files: Count
    secrets: bool


def run(
    out: Annotated[Path, typer.Option(help="Backup folder to write. It must not exist.")],
    context: CommandContext,
    secrets: Annotated[
        bool,
        typer.Option("--secrets", help="Include the secret keys. Anybody with the backup can then decrypt all data."),
    ] = False,
) -> Answer[BackupResult]:
    """Back up database, registry, artifacts and served models as of one moment, while the service runs.

    PostgreSQL requires `pg_dump` on the PATH. An MLflow server is not included: back it up separately. Without
    --secrets, store the secret keys in another place: without them personal data cannot be decrypted.

    Example: kqml backup --out /backups/kqml-2026-11-22
    """
    from serve.operations.backup.locations import backup_locations
    from serve.operations.backup.saving import STEPS, save_backup

    settings = context.settings
    with progress("Backing up", STEPS) as advance:
        manifest = save_backup(backup_locations(settings), out.absolute(), moment_of(context.now), secrets, advance)
    result = BackupResult(
        out=str(out),
        database=manifest.database,
        revision=manifest.revision,
        files=len(manifest.files),
        secrets=manifest.secrets,
    )
    return sentence(f"commands.backup.{'with' if manifest.secrets else 'without'}_secrets", context.language, result)
