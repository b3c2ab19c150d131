"""What the commands of the registry share: where it is, who acts, how a move of an alias is told."""

import getpass
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.settings import Settings

if TYPE_CHECKING:
    from models.published import Published
    from models.registry.aliases import Move, Signed
    from models.registry.client import RegistryStore

Who = Annotated[str | None, typer.Option(help="Who does it.", show_default="the user of this machine")]
Why = Annotated[str, typer.Option(help="Why; kept with the record of the move.")]


def store_of(settings: Settings) -> "RegistryStore":
    """The registry that the settings name."""
    from models.registry.client import RegistryStore

    return RegistryStore(settings.registry_uri, settings.artifacts.absolute())


def signed(who: str | None, why: str) -> "Signed":
    """Who moves an alias now, and why."""
    from models.registry.aliases import Signed

    return Signed(who or _user(), why, datetime.now(UTC))


def move_json(move: "Move", published: "Published | None") -> dict[str, Any]:
    """A move with the folder that the service was pointed to, null where nothing is served by it."""
    return {**asdict(move), "published": None if published is None else published.folder}


def told(move: "Move") -> str:
    """A move in one line."""
    before = "nothing" if move.before is None else f"version {move.before}"
    why = f" ({move.why})" if move.why else ""
    return f"{move.at} {move.who}: {move.action} {move.alias}, {before} → version {move.after}{why}"


def _user() -> str:
    """The user's name; in a container without one its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
