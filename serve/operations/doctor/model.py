"""Check the registry and the served model."""

from datetime import datetime, timedelta
from pathlib import Path

from kqml.errors import KqmlError
from models.churn.scoring import create_scorer
from models.registry.client import RegistryClient
from models.registry.served_pointer import POINTER, read_pointer
from models.registry.training import require_experiment
from models.registry.versions import Version, champion, check_bundle, recorded_artifacts
from serve.operations.doctor.finding import CheckResult, failed_check, passed_check, warning_check
from serve.usecases.scoring_model import load_live

OLD = timedelta(days=120)
"""A model that has not been trained for so long: its labels end a season ago."""


def check_registry(registry: RegistryClient) -> tuple[CheckResult, Version | None]:
    """Return the result and the champion. A missing registry is not created."""
    if registry.file is not None and not registry.file.exists():
        return warning_check("registry", "absent", address=registry.shown), None
    try:
        version = champion(registry)
    except KqmlError as error:
        return failed_check("registry", "silent", address=registry.shown, why=str(error).replace("\n", " ")), None
    if version is None:
        return warning_check("registry", "no_champion", address=registry.shown), None
    return _check_champion(registry, version), version


def _check_champion(registry: RegistryClient, version: Version) -> CheckResult:
    """Read the champion's bundle as scoring does."""
    values = {"address": registry.shown, "version": version.number}
    try:
        create_scorer(check_bundle(registry, version))
        recorded = recorded_artifacts(registry) if registry.is_at_home else None
    except KqmlError as error:
        return failed_check("registry", "unreadable", why=str(error).replace("\n", " "), **values)
    try:
        require_experiment(registry)
    except KqmlError as error:
        return warning_check("registry", "no_new_versions", why=str(error).replace("\n", " "), **values)
    if recorded is not None and recorded.resolve() != registry.artifacts.resolve():
        return warning_check("registry", "moved", recorded=str(recorded), home=str(registry.artifacts), **values)
    return passed_check("registry", "well", **values)


def check_model(served: Path, registered: Version | None, today: datetime) -> CheckResult:
    """Read the published bundle as a worker does, check every file against its digest and the whole against the
    champion that the registry has."""
    pointer = served / POINTER
    if not pointer.exists():
        return warning_check("model", "absent")
    try:
        published, live = read_pointer(pointer), load_live(pointer)
    except KqmlError as error:
        return failed_check("model", "unusable", why=str(error).replace("\n", " "))
    values = {"version": live.version, "grade": live.grade, "since": published.since}
    if registered is not None and str(registered.number) != live.version:
        return warning_check("model", "behind", champion=registered.number, **values)
    if registered is not None and registered.bundle != live.card["fingerprint"]:
        return failed_check("model", "exchanged", folder=str(served / published.folder), **values)
    age = today - datetime.fromisoformat(str(live.card["trained_at"]))
    return (
        warning_check("model", "old", days=age.days, **values) if age > OLD else passed_check("model", "well", **values)
    )
