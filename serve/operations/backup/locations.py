"""Where the parts of an installation lie, where they lie in a backup."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL

STORE_FILE, STORE_DUMP, REGISTRY_FILE = "kqml.db", "kqml.dump", "mlflow.db"
FOLDERS = ("artifacts", "served")


@dataclass(frozen=True)
class Places:
    """`registry`: the file of a registry on SQLite, None for one that a server keeps. `secrets`: the file of keys."""

    home: Path
    database: URL
    registry: Path | None
    secrets: Path

    @property
    def store(self) -> Path | None:
        """The store's file, None on PostgreSQL."""
        return Path(str(self.database.database)) if self.database.get_backend_name() == "sqlite" else None

    @property
    def artifacts(self) -> Path:
        return self.home / "artifacts"
