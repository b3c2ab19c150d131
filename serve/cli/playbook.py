"""`kqml playbook …`: check, show and compare playbooks."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any

import orjson
import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Fingerprint, PlaybookVersion
from kqml.playbook import read_playbook
from serve.cli.command import Answer, CommandContext
from serve.cli.layout import MISSING, Block, Column, Table, Words
from serve.cli.playbook_option import read_playbook_in_force

if TYPE_CHECKING:
    from kqml.playbook.differences import PlaybookDifference

File = Annotated[str, typer.Argument(help="Playbook file or name of a preset.")]


class CheckedPlaybook(TypedDict):
    """A playbook that can be used, with the actions that it knows."""

    name: str
    version: PlaybookVersion
    fingerprint: Fingerprint
    actions: list[str]


class ShownPlaybook(TypedDict):
    """A playbook by the keys of its file."""

    version: PlaybookVersion
    fingerprint: Fingerprint
    playbook: dict[str, Any]


class PlaybookDifferences(TypedDict):
    """Two playbooks by version, with the keys that they answer differently."""

    first: PlaybookVersion
    second: PlaybookVersion
    differences: "list[PlaybookDifference]"


def check(file: File, context: CommandContext) -> Answer[CheckedPlaybook]:
    """Check a playbook: print its version, or all faults with key and line.

    Exits with 2 if the playbook is invalid.

    Example: kqml playbook check mine.toml
    """
    playbook = read_playbook(file)
    result = CheckedPlaybook(
        name=playbook.name,
        version=playbook.version,
        fingerprint=playbook.fingerprint,
        actions=list(playbook.action_names),
    )
    words = Words("playbook", context.language)
    return Answer(
        result, [words.line("checked", version=playbook.version, actions=", ".join(map(str, playbook.action_names)))]
    )


def show(
    context: CommandContext,
    file: Annotated[
        str | None, typer.Argument(help="Playbook file or name of a preset.", show_default="the setting KQML_PLAYBOOK")
    ] = None,
) -> Answer[ShownPlaybook]:
    """Show all rules of a playbook, section by section. With --json the output has the keys of the file.

    Example: kqml playbook show dealer --language en
    """
    from kqml.playbook.reading import content_of
    from serve.cli.layouts.playbook import show_playbook

    playbook = read_playbook_in_force(file, context.settings)
    result = ShownPlaybook(version=playbook.version, fingerprint=playbook.fingerprint, playbook=content_of(playbook))
    return Answer(result, show_playbook(playbook, context.language))


def diff(
    first: File,
    second: Annotated[str, typer.Argument(help="Playbook to compare with.")],
    context: CommandContext,
) -> Answer[PlaybookDifferences]:
    """List the keys in which two playbooks differ, with both values.

    Example: kqml playbook diff pharmacy mine.toml
    """
    from kqml.playbook.differences import playbook_differences

    playbooks = read_playbook(first), read_playbook(second)
    before, after = (playbook.version for playbook in playbooks)
    differences = playbook_differences(*playbooks)
    result = PlaybookDifferences(first=before, second=after, differences=differences)
    return Answer(result, _differences((before, after), differences, context.language))


def _differences(versions: tuple[str, str], rows: "Sequence[PlaybookDifference]", language: str) -> Iterator[Block]:
    words = Words("playbook", language)
    if not rows:
        yield words.line("same")
        return
    columns = (
        Column(words("key"), lambda each: str(each.key)),
        Column(versions[0], lambda each: _shown(each.first)),
        Column(versions[1], lambda each: _shown(each.second)),
    )
    yield Table(columns, rows)


def _shown(value: Any) -> str:
    return MISSING if value is None else orjson.dumps(value).decode()
