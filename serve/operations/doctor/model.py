"""The registry and the model that is served from it."""

from datetime import datetime, timedelta
from pathlib import Path

from kqml.errors import KqmlError
from models.registry.client import RegistryStore
from models.registry.served_pointer import POINTER, read_pointer
from models.registry.versions import champion
from serve.operations.doctor.finding import Finding, broken, doubtful, well
from serve.usecases.scoring_model import load_live

OLD = timedelta(days=120)
"""A model that has not been trained for so long: its labels end a season ago."""


def look_at_registry(registry: RegistryStore) -> tuple[Finding, str | None]:
    """What is found, and the champion's number. A registry that is not there yet is not made by looking."""
    local = Path(registry.uri.removeprefix("sqlite:///"))
    if registry.uri.startswith("sqlite:///") and not local.exists():
        return doubtful("registry", "absent", address=registry.shown), None
    try:
        version = champion(registry)
    except KqmlError as error:
        return broken("registry", "silent", address=registry.shown, why=error.message), None
    if version is None:
        return doubtful("registry", "no_champion", address=registry.shown), None
    return well("registry", "well", address=registry.shown, version=version.number), str(version.number)


def look_at_model(served: Path, champion_is: str | None, today: datetime) -> Finding:
    """The published bundle is read as a worker reads it, every byte against its digest."""
    pointer = served / POINTER
    if not pointer.exists():
        return doubtful("model", "absent")
    try:
        published, live = read_pointer(pointer), load_live(pointer)
    except KqmlError as error:
        return broken("model", "unusable", why=str(error).replace("\n", " "))
    values = {"version": live.version, "grade": live.grade, "since": published.since}
    if champion_is is not None and champion_is != live.version:
        return doubtful("model", "behind", champion=champion_is, **values)
    age = today - datetime.fromisoformat(str(live.card["trained_at"]))
    return doubtful("model", "old", days=age.days, **values) if age > OLD else well("model", "well", **values)
