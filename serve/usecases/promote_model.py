"""Promote a version of the model, or roll the champion back."""

from dataclasses import dataclass
from typing import Literal

from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Moment, PositiveInteger
from kqml.settings import Settings
from models.registry import aliases
from models.registry.client import RegistryClient
from models.registry.publishing import publish
from serve.usecases.model_registry import registry_client


@dataclass(frozen=True)
class PromotionRequest:
    """The version (number or alias) with the alias that it gets, by whom and why."""

    version: str
    alias: str
    who: str
    why: str


@dataclass(frozen=True)
class PromotionResult:
    """One move of an alias. `before`: the version that had it, None for the first; `published`: the folder that the
    service was pointed to, None where nothing is served by the alias."""

    alias: str
    before: PositiveInteger | None
    after: PositiveInteger
    action: Literal["promote", "rollback"]
    who: str
    why: str
    at: Moment
    published: str | None


def promote_model(request: PromotionRequest, settings: Settings, now: int) -> PromotionResult:
    """Give an alias to a version and, for the champion, hand it to the service. Raises Refused for grades C and
    ungraded."""
    registry = registry_client(settings)
    signed = aliases.SignedMove(request.who, request.why, moment_of(now))
    move = aliases.promote(registry, request.version, signed, request.alias)
    return _published(move, registry, settings)


def rollback_model(who: str, why: str, settings: Settings, now: int) -> PromotionResult:
    """Give the alias champion back to the version that had it before, and hand that to the service."""
    registry = registry_client(settings)
    move = aliases.rollback(registry, aliases.SignedMove(who, why, moment_of(now)))
    return _published(move, registry, settings)


def _published(move: aliases.AliasMove, registry: RegistryClient, settings: Settings) -> PromotionResult:
    served = publish(registry, settings.served.absolute()) if move.alias == aliases.CHAMPION else None
    return PromotionResult(**vars(move), published=None if served is None else served.folder)
