"""What the commands of the registry share: where it is, who acts, how a move of an alias is told."""

import getpass
import os
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.messages import text
from kqml.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

    from models.registry.aliases import AliasMove, SignedMove
    from models.registry.client import RegistryClient
    from models.registry.served_pointer import ServedPointer

Who = Annotated[str | None, typer.Option(help="Who does it.", show_default="the user of this machine")]
Why = Annotated[str, typer.Option(help="Why; kept with the record of the move.")]


def registry_client(settings: Settings) -> "RegistryClient":
    """The registry that the settings name."""
    from models.registry.client import RegistryClient

    return RegistryClient(settings.registry_uri, settings.artifacts.absolute())


def signed_move(who: str | None, why: str) -> "SignedMove":
    """Who moves an alias now, and why."""
    from models.registry.aliases import SignedMove

    return SignedMove(who or _user(), why, datetime.now(UTC))


def move_json(move: "AliasMove", published: "ServedPointer | None") -> dict[str, Any]:
    """A move with the folder that the service was pointed to, null where nothing is served by it."""
    return {**asdict(move), "published": None if published is None else published.folder}


def print_move(console: "Console", move: "AliasMove", language: str) -> None:
    """Prints a move in one line."""
    sentence = f"commands.move.{'first' if move.before is None else 'next'}{'_why' if move.why else ''}"
    action = text(f"commands.move.{move.action}", language)
    console.print(text(sentence, language, **{**asdict(move), "action": action}), markup=False, soft_wrap=True)


def _user() -> str:
    """The user's name; in a container without one its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
