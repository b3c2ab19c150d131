"""List the versions of the model with the moves of their aliases."""

from dataclasses import dataclass

from kqml.settings import Settings
from models.registry.aliases import AliasMove, list_moves
from models.registry.versions import Version, list_versions, read_metrics
from serve.usecases.model_registry import registry_client


@dataclass(frozen=True)
class ListedVersion(Version):
    """A version with the metrics of its MLflow run, None where the run was purged."""

    metrics: dict[str, float] | None


@dataclass(frozen=True)
class ModelList:
    """The registry's address, its versions, newest first, every move of an alias."""

    registry: str
    versions: list[ListedVersion]
    moves: list[AliasMove]


def list_models(settings: Settings) -> ModelList:
    """Return the versions of the registry and the moves of their aliases."""
    registry = registry_client(settings)
    versions = list_versions(registry)
    metrics = read_metrics(registry, versions)
    listed = [ListedVersion(**vars(version), metrics=metrics.get(version.number)) for version in versions]
    return ModelList(registry.shown, listed, list_moves(registry))
