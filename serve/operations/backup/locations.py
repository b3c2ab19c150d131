"""Where the parts of an installation lie, where they lie in a backup."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

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
