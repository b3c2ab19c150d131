"""Restore an installation from a backup."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import inspect, select

from kqml.errors import BadUse, Fault, Refused
from models.registry.moving import move_addresses
from serve.database.engine import open_database
from serve.database.migration import revision
from serve.database.tables import WEBHOOKS
from serve.operations.backup.databases import load_postgresql, place_sqlite
from serve.operations.backup.locations import DATABASE_DUMP, DATABASE_FILE, FOLDERS, REGISTRY_FILE, BackupLocations
from serve.operations.backup.manifest import Manifest, read_manifest
from serve.webhooks.records import disable_webhook


@dataclass(frozen=True)
class RestoreOptions:
    """`force`: replace an existing installation. `keep_webhooks`: leave webhooks enabled and their messages waiting."""

    force: bool = False
    keep_webhooks: bool = False


DEFAULT = RestoreOptions()


@dataclass(frozen=True)
class RestoredBackup:
    """What was restored; `webhooks`: how many were disabled."""

    manifest: Manifest
    webhooks: int


def restore_backup(
    folder: Path, locations: BackupLocations, now: int, options: RestoreOptions = DEFAULT
) -> RestoredBackup:
    """Checks every byte of the backup, then replaces database, registry, artifacts, served models, secret keys by
    its own.

    A registry whose artifacts lay elsewhere is told where they are now. Webhooks are disabled unless kept: the original
    may still run, and the messages waiting in the backup were mostly delivered since.

    Raises CouldNot where the backup is not whole, BadUse where it is of the other kind of database, Refused where
    something is there already, unless forced.
    """
    manifest = read_manifest(folder)
    if manifest.database != locations.address.get_backend_name():
        todo = "set KQML_DATABASE_URL to one of that kind; to change kinds use `kqml export`, `kqml import --database`"
        fault = Fault(
            "the database", f"is {locations.address.get_backend_name()}, the backup's {manifest.database}", todo
        )
        raise BadUse("The backup does not match the settings.", [fault])
    faults = [] if options.force else _there_already(locations)
    if faults:
        raise Refused("An installation exists already. Nothing was restored.", faults)
    _place(folder, locations, manifest)
    return RestoredBackup(manifest, 0 if options.keep_webhooks else _disable_webhooks(locations, now))


def _disable_webhooks(locations: BackupLocations, now: int) -> int:
    database = open_database(locations.address.render_as_string(hide_password=False))
    try:
        with database.writing() as connection:
            if not inspect(connection).has_table(WEBHOOKS.name):
                return 0
            enabled = connection.execute(select(WEBHOOKS.c.webhook_id).where(WEBHOOKS.c.disabled_at.is_(None)))
            return sum(disable_webhook(connection, name, now) for name in enabled.scalars().all())
    finally:
        database.close()


def _there_already(locations: BackupLocations) -> list[Fault]:
    files = [locations.database, locations.registry, *(locations.home / name for name in FOLDERS)]
    todo = "stop the service, then give --force, or another KQML_HOME"
    faults = [Fault(str(file), "exists", todo) for file in files if file is not None and file.exists()]
    if locations.database is None and _has_tables(locations):
        faults.append(Fault(locations.address.render_as_string(), "has tables already", todo))
    return faults


def _has_tables(locations: BackupLocations) -> bool:
    database = open_database(locations.address.render_as_string(hide_password=False))
    try:
        with database.reading() as connection:
            return revision(connection) is not None
    finally:
        database.close()


def _place(folder: Path, locations: BackupLocations, manifest: Manifest) -> None:
    for name in FOLDERS:
        shutil.rmtree(locations.home / name, ignore_errors=True)
        if (folder / name).is_dir():
            shutil.copytree(folder / name, locations.home / name)
    if manifest.secrets:
        locations.secrets.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / locations.secrets.name, locations.secrets)
    if locations.registry is not None and (folder / REGISTRY_FILE).is_file():
        place_sqlite(folder / REGISTRY_FILE, locations.registry)
        move_addresses(locations.registry, manifest.artifacts, str(locations.artifacts))
    if locations.database is not None:
        place_sqlite(folder / DATABASE_FILE, locations.database)
    else:
        load_postgresql(folder / DATABASE_DUMP, locations.address)
