"""The option that names the playbook."""

from typing import Annotated

import typer

from kqml.playbook import Playbook, read_playbook
from kqml.settings import Settings

PlaybookFlag = Annotated[
    str | None,
    typer.Option("--playbook", help="Playbook file or name of a preset. Default: the setting KQML_PLAYBOOK."),
]


def read_playbook_in_force(request: str | None, settings: Settings) -> Playbook:
    """Read the playbook of the option, else that of the settings."""
    return read_playbook(request or settings.playbook.file)
