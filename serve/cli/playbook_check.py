"""`kqml playbook check`: whether a playbook file can be used."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.messages import text
from kqml.playbook import read_playbook
from kqml.settings import read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console


def run(
    file: Annotated[str, typer.Argument(help="Playbook file, or a preset's name.")],
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Reads a playbook, tells every fault with its key and line, or the version that it has.

    Exits with 2 where it cannot be used.

    Example: kqml playbook check mine.toml
    """
    playbook = read_playbook(file)
    result: dict[str, Any] = {
        "name": playbook.name,
        "version": playbook.version,
        "fingerprint": playbook.fingerprint,
        "actions": list(playbook.actions),
    }
    speech = chosen_language(language, read_settings().language)
    emit(result, as_json, lambda console: _print(console, result, speech))


def _print(console: "Console", result: dict[str, Any], language: str) -> None:
    message = text("playbook.checked", language, version=result["version"], actions=", ".join(result["actions"]))
    console.print(message, markup=False)
