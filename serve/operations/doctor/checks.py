"""Run all checks, in the order in which to repair."""

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from kqml.errors import KqmlError
from kqml.playbook import read_playbook
from kqml.settings import Settings
from models.registry.client import RegistryClient
from serve.operations.doctor.database import check_database
from serve.operations.doctor.finding import CheckResult, failed_check, passed_check
from serve.operations.doctor.machine import check_clock, check_disk, check_secrets
from serve.operations.doctor.model import check_model, check_registry
from serve.usecases.model_registry import registry_client


@dataclass(frozen=True)
class Installation:
    """The locations of everything, from the settings. `secret_keys`: the setting, None where the file holds them."""

    home: Path
    served: Path
    database: str
    registry: RegistryClient
    playbook: str
    secret_keys: str | None
    secret_file: Path


def installation_of(settings: Settings) -> Installation:
    """Return the locations of everything from the settings."""
    secret_keys = settings.secret_keys
    return Installation(
        home=settings.home.absolute(),
        served=settings.served.absolute(),
        database=settings.database_address,
        registry=registry_client(settings),
        playbook=settings.playbook.file,
        secret_keys=None if secret_keys is None else secret_keys.get_secret_value(),
        secret_file=settings.secret_file.absolute(),
    )


def run_checks(installation: Installation, now: int) -> list[CheckResult]:
    """Return the result of every check at `now`; checks change nothing."""
    stored, newest = _database(installation.database, now)
    registered, champion = check_registry(installation.registry)
    today = datetime.fromtimestamp(now / 1_000_000, UTC)
    return [
        check_disk(installation.home),
        check_clock(now, newest),
        *check_secrets(installation.secret_keys, installation.secret_file),
        *stored,
        registered,
        check_model(installation.served, champion, today),
        _playbook(installation.playbook),
    ]


def _database(address: str, now: int) -> tuple[list[CheckResult], int | None]:
    try:
        return check_database(address, now)
    except KqmlError as error:
        return [failed_check("database", "unusable", why=str(error).replace("\n", " "))], None


def _playbook(name: str) -> CheckResult:
    try:
        read = read_playbook(name)
    except KqmlError as error:
        return failed_check("playbook", "unusable", name=name, why=str(error).replace("\n", " "))
    return passed_check("playbook", "well", name=name, version=read.fingerprint[:12])
