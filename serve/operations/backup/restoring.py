"""Restore an installation from a backup."""

import shutil
from pathlib import Path

from kqml.errors import BadUse, Fault, Refused
from models.registry.moving import move_addresses
from serve.database.engine import open_database
from serve.database.migration import revision
from serve.operations.backup.databases import load_postgresql, place_sqlite
from serve.operations.backup.locations import DATABASE_DUMP, DATABASE_FILE, FOLDERS, REGISTRY_FILE, BackupLocations
from serve.operations.backup.manifest import Manifest, read_manifest


def restore_backup(folder: Path, locations: BackupLocations, force: bool = False) -> Manifest:
    """Checks every byte of the backup, then replaces database, registry, artifacts, served models, secret keys by
    its own.

    A registry whose artifacts lay elsewhere is told where they are now. Raises CouldNot where the backup is not whole,
    BadUse where it is of the other kind of database, Refused where something is there already, unless forced.
    """
    manifest = read_manifest(folder)
    if manifest.database != locations.address.get_backend_name():
        todo = "set KQML_DATABASE_URL to one of that kind; to change kinds use `kqml export`, `kqml import --database`"
        fault = Fault(
            "the database", f"is {locations.address.get_backend_name()}, the backup's {manifest.database}", todo
        )
        raise BadUse("The backup does not match the settings.", [fault])
    faults = [] if force else _there_already(locations)
    if faults:
        raise Refused("An installation exists already. Nothing was restored.", faults)
    _place(folder, locations, manifest)
    return manifest


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
