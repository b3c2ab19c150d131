"""The locations of the parts of an installation, and their names in a backup."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

from kqml.settings import Settings
from serve.database.engine import parse_address

DATABASE_FILE, DATABASE_DUMP, REGISTRY_FILE = "kqml.db", "kqml.dump", "mlflow.db"
FOLDERS = ("artifacts", "served")


@dataclass(frozen=True)
class BackupLocations:
    """`registry`: the file of a registry on SQLite, None for one that a server keeps. `secrets`: the file of keys."""

    home: Path
    address: URL
    registry: Path | None
    secrets: Path

    @property
    def database(self) -> Path | None:
        """The database's file, None on PostgreSQL."""
        return Path(str(self.address.database)) if self.address.get_backend_name() == "sqlite" else None

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"


def backup_locations(settings: Settings) -> BackupLocations:
    """Return the locations that the settings name. Raises BadUse on a database address that cannot be used."""
    local = settings.registry_uri.removeprefix("sqlite:///")
    return BackupLocations(
        home=settings.home.absolute(),
        address=parse_address(settings.database_address),
        registry=Path(local) if local != settings.registry_uri else None,
        secrets=settings.secret_file.absolute(),
    )
