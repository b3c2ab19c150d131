"""The page of all commands, written from the commands themselves."""

import sys
from functools import reduce
from pathlib import Path
from typing import Any

import typer

from experiments.cli import COMMANDS as EXPERIMENT_COMMANDS
from serve.cli.app import COMMANDS as SERVICE_COMMANDS
from serve.cli.app import build_app

PACKAGES = {"serve.cli": SERVICE_COMMANDS, "experiments.cli": EXPERIMENT_COMMANDS}

HEAD = """# Commands

Every command has `--help` with an example. `--json` prints exactly one JSON object on standard output (schemas:
`docs/schemas/`); progress and errors go to standard error.

Exit codes: 0 success · 1 negative result (unusable data, insufficient data, grade C) · 2 invalid arguments · 3 failure
of the environment (disk, database, registry). `kqml --config FILE COMMAND` reads another configuration file than
`./kqml.toml`.
"""


def write_manual(page: Path) -> None:
    """Writes the page."""
    page.write_text(manual(), encoding="utf-8")


def manual() -> str:
    """The page's text: each command's help, then its options as a table."""
    app: Any = typer.main.get_command(build_app(PACKAGES))
    return "\n".join([HEAD, *(_section(name, _command(app, name)) for names in PACKAGES.values() for name in names)])


def _command(app: Any, name: str) -> Any:
    return reduce(lambda group, word: group.commands[word], name.split(), app)


def _section(name: str, command: Any) -> str:
    result, example = command.help.split("Example:")
    rows = [
        f"| {_cell(_names(option))} | {_cell(option.help or '')} | {_cell(_default(option))} |"
        for option in command.params
    ]
    table = "\n".join(["| option | description | default |", "| --- | --- | --- |", *rows])
    return f"### `kqml {name}`\n\n{result.strip()}\n\n```\n{example.strip()}\n```\n\n{table}\n"


def _names(option: Any) -> str:
    names = [*option.opts, *option.secondary_opts]
    return f"`{'`, `'.join(names)}`" if names[0].startswith("-") else f"`{names[0].upper()}`"


def _default(option: Any) -> str:
    if option.required:
        return "required"
    if isinstance(option.show_default, str):
        return option.show_default
    plain = option.default in (None, "", False) or callable(option.default)
    return "" if plain else f"{getattr(option.default, 'value', option.default)}"


def _cell(words: str) -> str:
    return " ".join(words.split()).replace("|", "\\|")


if __name__ == "__main__":
    write_manual(Path(sys.argv[1]))
