"""The options of commands that move an alias: who moves it, and why."""

import getpass
import os
from typing import Annotated

import typer

Who = Annotated[str | None, typer.Option(help="Name to record.", show_default="the operating-system user")]
Why = Annotated[str, typer.Option(help="Reason to record.")]


def user_name() -> str:
    """Return the name of the machine's user; in a container without one its number."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"uid {os.getuid()}"
