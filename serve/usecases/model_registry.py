"""The models of the registry that the settings name."""

from dataclasses import dataclass
from pathlib import Path

from kqml.contract.fields import ModelGrade
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.churn.scoring import Scorer, create_scorer
from models.registry.client import RegistryClient
from models.registry.versions import champion, find_version, read_bundle

SQLITE = "sqlite:///"


@dataclass(frozen=True)
class ModelReference:
    """A version of the model with its grade."""

    version: str
    grade: ModelGrade


@dataclass(frozen=True)
class RegisteredModel:
    """A version of the registry, ready to score."""

    number: int
    grade: str
    scorer: Scorer

    @property
    def reference(self) -> ModelReference:
        return ModelReference(str(self.number), self.grade)


def registry_client(settings: Settings) -> RegistryClient:
    """Return the registry that the settings name."""
    return RegistryClient(settings.registry_uri, settings.artifacts.absolute())


def find_model(settings: Settings, wanted: str | None, playbook: Playbook | None = None) -> RegisteredModel | None:
    """Return the version of a number or an alias; the champion where none is named, None where there is none.

    Its reasons speak by the playbook, without one by that of its training. Raises BadUse where the named version does
    not exist.
    """
    if wanted is None and not _has_registry(settings):
        return None
    registry = registry_client(settings)
    version = champion(registry) if wanted is None else find_version(registry, wanted)
    if version is None:
        return None
    return RegisteredModel(version.number, version.grade, create_scorer(read_bundle(registry, version), playbook))


def _has_registry(settings: Settings) -> bool:
    """False where the registry is a database file that does not exist yet: asking it would make one."""
    file = settings.registry_uri.removeprefix(SQLITE)
    return file == settings.registry_uri or Path(file).exists()
