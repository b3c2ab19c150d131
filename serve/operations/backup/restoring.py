"""An installation is made from a backup."""

import shutil
from pathlib import Path

from kqml.errors import BadUse, Fault, Refused
from models.registry.moving import move_addresses
from serve.database.engine import open_database
from serve.database.migration import revision
from serve.operations.backup.databases import load_postgresql, place_sqlite
from serve.operations.backup.locations import DATABASE_DUMP, DATABASE_FILE, FOLDERS, REGISTRY_FILE, BackupLocations
from serve.operations.backup.manifest import Manifest, read_manifest


def restore_backup(folder: Path, places: BackupLocations, force: bool = False) -> Manifest:
    """Checks every byte of the backup, then replaces store, registry, artifacts, served models, secret keys by its own.

    A registry whose artifacts lay elsewhere is told where they are now. Raises CouldNot where the backup is not whole,
    BadUse where it is of the other kind of database, Refused where something is there already, unless forced.
    """
    manifest = read_manifest(folder)
    if manifest.database != places.address.get_backend_name():
        todo = "set KQML_DATABASE_URL to one of that kind; to change kinds use `kqml export`, `kqml import --database`"
        fault = Fault("the database", f"is {places.address.get_backend_name()}, the backup's {manifest.database}", todo)
        raise BadUse("The backup does not fit.", [fault])
    faults = [] if force else _there_already(places)
    if faults:
        raise Refused("Something is there already; nothing was restored.", faults)
    _place(folder, places, manifest)
    return manifest


def _there_already(places: BackupLocations) -> list[Fault]:
    files = [places.database, places.registry, *(places.home / name for name in FOLDERS)]
    todo = "stop the service, then give --force, or another KQML_HOME"
    faults = [Fault(str(file), "exists", todo) for file in files if file is not None and file.exists()]
    if places.database is None and _has_tables(places):
        faults.append(Fault(places.address.render_as_string(), "has tables already", todo))
    return faults


def _has_tables(places: BackupLocations) -> bool:
    database = open_database(places.address.render_as_string(hide_password=False))
    try:
        with database.reading() as connection:
            return revision(connection) is not None
    finally:
        database.close()


def _place(folder: Path, places: BackupLocations, manifest: Manifest) -> None:
    for name in FOLDERS:
        shutil.rmtree(places.home / name, ignore_errors=True)
        if (folder / name).is_dir():
            shutil.copytree(folder / name, places.home / name)
    if manifest.secrets:
        places.secrets.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(folder / places.secrets.name, places.secrets)
    if places.registry is not None and (folder / REGISTRY_FILE).is_file():
        place_sqlite(folder / REGISTRY_FILE, places.registry)
        move_addresses(places.registry, manifest.artifacts, str(places.artifacts))
    if places.database is not None:
        place_sqlite(folder / DATABASE_FILE, places.database)
    else:
        load_postgresql(folder / DATABASE_DUMP, places.address)
