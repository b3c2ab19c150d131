"""`kqml playbook show`: what a playbook says, as tables."""

from typing import Annotated

import typer

from kqml.settings import read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit
from serve.cli.playbook_option import read_playbook_in_force


def run(
    file: Annotated[
        str | None, typer.Argument(help="Playbook file, or a preset's name.", show_default="the one in force")
    ] = None,
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Shows everything that a playbook decides, section by section; --json has the keys of the file.

    Example: kqml playbook show dealer --language en
    """
    from kqml.playbook.reading import content_of
    from serve.cli.playbook_tables import print_playbook

    settings = read_settings()
    playbook = read_playbook_in_force(file, settings)
    speech = chosen_language(language, settings.language)
    result = {
        "version": playbook.version,
        "fingerprint": playbook.fingerprint,
        "playbook": content_of(playbook),
    }
    emit(result, as_json, lambda console: print_playbook(console, playbook, speech))
