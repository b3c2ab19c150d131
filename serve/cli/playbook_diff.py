"""`kqml playbook diff`: in what two playbooks differ."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer

from kqml.messages import text
from kqml.playbook import read_playbook
from kqml.settings import read_settings
from serve.cli.language_option import LanguageFlag, chosen_language
from serve.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console

    from kqml.playbook.differences import PlaybookDifference


def run(
    first: Annotated[str, typer.Argument(help="Playbook file, or a preset's name.")],
    second: Annotated[str, typer.Argument(help="The one to compare it with.")],
    language: LanguageFlag = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON object.")] = False,
) -> None:
    """Lists the keys that two playbooks answer differently, with both values.

    Example: kqml playbook diff pharmacy mine.toml
    """
    from kqml.playbook.differences import playbook_differences

    one, two = read_playbook(first), read_playbook(second)
    output = playbook_differences(one, two)
    result = {
        "first": one.version,
        "second": two.version,
        "differences": [{"key": each.key, "first": each.first, "second": each.second} for each in output],
    }
    speech = chosen_language(language, read_settings().language)
    emit(result, as_json, lambda console: _print(console, (one.version, two.version), output, speech))


def _print(
    console: "Console", versions: tuple[str, str], result: "Sequence[PlaybookDifference]", language: str
) -> None:
    from rich.table import Table

    if not result:
        console.print(text("playbook.same", language), markup=False)
        return
    table = Table(text("playbook.key", language), *versions)
    for each in result:
        table.add_row(each.key, _shown(each.first), _shown(each.second))
    console.print(table)


def _shown(value: Any) -> str:
    return "–" if value is None else orjson.dumps(value).decode()
