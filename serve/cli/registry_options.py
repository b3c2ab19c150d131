"""The options of the commands that move an alias of the model: who does it, and why."""

import getpass
import os
from typing import Annotated

import typer

Who = Annotated[str | None, typer.Option(help="Who does it.", show_default="the user of this machine")]
Why = Annotated[str, typer.Option(help="Why; kept with the record of the move.")]


def user_name() -> str:
    """Return the name of the machine's user; in a container without one its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
