"""Save a backup: to a temporary folder, which then gets its name."""

import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from kqml.errors import BadUse, CouldNot, Fault
from serve.database.engine import open_database
from serve.database.migration import revision
from serve.operations.backup.databases import copy_sqlite, dump_postgresql
from serve.operations.backup.locations import DATABASE_DUMP, DATABASE_FILE, FOLDERS, REGISTRY_FILE, BackupLocations
from serve.operations.backup.manifest import FORMAT, Manifest, digests, write_manifest

STEPS = 3
Stepped = Callable[[int], object]


def save_backup(
    locations: BackupLocations,
    out: Path,
    made_at: datetime,
    secrets: bool = False,
    stepped: Stepped = lambda done: None,
) -> Manifest:
    """The database first, then the registry, then what it points to, so that nothing points to what is not there.

    Raises BadUse where `out` exists, CouldNot where there is no database, or a part cannot be read or written.
    """
    if out.exists():
        raise BadUse("The backup folder exists already.", [Fault(str(out), "exists", "give a new folder")])
    if locations.database is not None and not locations.database.is_file():
        raise CouldNot(
            "The database does not exist.", [Fault(str(locations.database), "does not exist", "see `kqml doctor`")]
        )
    unfinished = out.with_name(f".{out.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True, mode=0o700)
    try:
        manifest = _written(locations, unfinished, made_at, secrets, stepped)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(out)
    return manifest


def _written(locations: BackupLocations, folder: Path, made_at: datetime, secrets: bool, stepped: Stepped) -> Manifest:
    at = _save_database(locations, folder)
    stepped(1)
    if locations.registry is not None and locations.registry.is_file():
        copy_sqlite(locations.registry, folder / REGISTRY_FILE)
    for name in FOLDERS:
        if (locations.home / name).is_dir():
            shutil.copytree(locations.home / name, folder / name)
    if secrets and locations.secrets.is_file():
        shutil.copy2(locations.secrets, folder / locations.secrets.name)
    stepped(1)
    manifest = Manifest(
        format=FORMAT,
        made_at=made_at.isoformat(timespec="seconds"),
        database="sqlite" if locations.address.get_backend_name() == "sqlite" else "postgresql",
        revision=at,
        artifacts=str(locations.artifacts),
        secrets=secrets and locations.secrets.is_file(),
        files=digests(folder),
    )
    write_manifest(folder, manifest)
    stepped(1)
    return manifest


def _save_database(locations: BackupLocations, folder: Path) -> str | None:
    """Return the revision of the database's tables."""
    if locations.database is not None:
        copy_sqlite(locations.database, folder / DATABASE_FILE)
    else:
        dump_postgresql(locations.address, folder / DATABASE_DUMP)
    database = open_database(locations.address.render_as_string(hide_password=False))
    try:
        with database.reading() as connection:
            return revision(connection)
    finally:
        database.close()
