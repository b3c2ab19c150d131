"""List the versions of the model with the moves of their aliases."""

from dataclasses import dataclass

from kqml.settings import Settings
from models.registry.aliases import AliasMove, list_moves
from models.registry.versions import Version, list_versions
from serve.usecases.model_registry import registry_client


@dataclass(frozen=True)
class ModelList:
    """The registry's address, its versions, newest first, every move of an alias."""

    registry: str
    versions: list[Version]
    moves: list[AliasMove]


def list_models(settings: Settings) -> ModelList:
    """Return the versions of the registry and the moves of their aliases."""
    registry = registry_client(settings)
    return ModelList(registry.shown, list_versions(registry), list_moves(registry))
