"""Publish the model that the service answers with."""

from pathlib import Path

from models.registry.client import RegistryClient
from models.registry.publishing import pin
from models.registry.served_pointer import POINTER


def published_pointer(registry: RegistryClient, served: Path, version: str | None) -> Path:
    """Return the pointer file that a service follows: that of the champion, else one that stays with a version."""
    return served / POINTER if version is None else pin(registry, served, version)
