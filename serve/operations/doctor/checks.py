"""Every part of an installation looked at once, in the order in which one would repair it."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kqml.errors import KqmlError
from kqml.playbook import read_playbook
from models.registry.client import RegistryStore
from serve.operations.doctor.database import look_at_database
from serve.operations.doctor.finding import Finding, broken, well
from serve.operations.doctor.machine import look_at_clock, look_at_disk, look_at_secrets
from serve.operations.doctor.model import look_at_model, look_at_registry


@dataclass(frozen=True)
class Installation:
    """Where everything is, as the settings say it. `secret_keys`: the setting, None where the file holds them."""

    home: Path
    served: Path
    database: str
    registry: RegistryStore
    playbook: str
    secret_keys: str | None
    secret_file: Path


def look_over(installation: Installation, now: int) -> list[Finding]:
    """What was found at `now`; nothing is changed by looking."""
    stored, newest = _database(installation.database, now)
    registered, champion = look_at_registry(installation.registry)
    today = datetime.fromtimestamp(now / 1_000_000, UTC)
    return [
        look_at_disk(installation.home),
        look_at_clock(now, newest),
        *look_at_secrets(installation.secret_keys, installation.secret_file),
        *stored,
        registered,
        look_at_model(installation.served, champion, today),
        _playbook(installation.playbook),
    ]


def _database(address: str, now: int) -> tuple[list[Finding], int | None]:
    try:
        return look_at_database(address, now)
    except KqmlError as error:
        return [broken("database", "unusable", why=str(error).replace("\n", " "))], None


def _playbook(name: str) -> Finding:
    try:
        read = read_playbook(name)
    except KqmlError as error:
        return broken("playbook", "unusable", name=name, why=str(error).replace("\n", " "))
    return well("playbook", "well", name=name, version=read.fingerprint[:12])
