"""Promote a version of the model, or roll the champion back."""

from dataclasses import dataclass
from datetime import UTC
from typing import Literal

from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Moment, PositiveInteger
from kqml.settings import Settings
from models.registry import aliases
from models.registry.client import RegistryClient
from models.registry.publishing import is_published, publish
from models.registry.versions import find_version
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
    """One move of an alias, or the publishing again of a champion that stays. `before`: the version that had the alias,
    None for the first; `published`: the folder that the service was pointed to, None where nothing is served by the
    alias."""

    alias: str
    before: PositiveInteger | None
    after: PositiveInteger
    action: Literal["promote", "rollback", "publish"]
    who: str
    why: str
    at: Moment
    published: str | None


def promote_model(request: PromotionRequest, settings: Settings, now: int) -> PromotionResult:
    """Give an alias to a version and, for the champion, hand it to the service; hand the champion over again where the
    service does not have it. Raises Refused for grades C and ungraded."""
    registry = registry_client(settings)
    signed = aliases.SignedMove(request.who, request.why, moment_of(now))
    version = find_version(registry, request.version)
    is_champion = request.alias == aliases.CHAMPION and aliases.CHAMPION in version.aliases
    if is_champion and not is_published(registry, settings.served.absolute(), version):
        return _published_again(version.number, registry, settings, signed)
    move = aliases.promote(registry, request.version, signed, request.alias)
    return _published(move, registry, settings)


def rollback_model(who: str, why: str, settings: Settings, now: int) -> PromotionResult:
    """Give the alias champion back to the version that had it before, and hand that to the service."""
    registry = registry_client(settings)
    move = aliases.rollback(registry, aliases.SignedMove(who, why, moment_of(now)))
    return _published(move, registry, settings)


def _published_again(
    number: int, registry: RegistryClient, settings: Settings, signed: aliases.SignedMove
) -> PromotionResult:
    served = publish(registry, settings.served.absolute())
    at = signed.at.astimezone(UTC).isoformat(timespec="seconds")
    folder = None if served is None else served.folder
    return PromotionResult(aliases.CHAMPION, number, number, "publish", signed.who, signed.why, at, folder)


def _published(move: aliases.AliasMove, registry: RegistryClient, settings: Settings) -> PromotionResult:
    served = publish(registry, settings.served.absolute()) if move.alias == aliases.CHAMPION else None
    return PromotionResult(**vars(move), published=None if served is None else served.folder)
