"""Every command is listed, documented, shows an example, has a schema for its JSON."""

import json
from functools import reduce
from pathlib import Path

import jsonschema_rs
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from experiments.docs.commands_page import manual
from kqml.__main__ import PACKAGES, create_app
from serve.cli.app import find_function, module_of

ROOT = Path(__file__).parents[2]
COMMANDS = [name for names in PACKAGES.values() for name in names]


@pytest.mark.parametrize("command", COMMANDS)
def test_help_shows_an_example(command):
    shown = CliRunner().invoke(create_app(), [*command.split(), "--help"], env={"COLUMNS": "200"})
    assert shown.exit_code == 0
    assert f"kqml {command}" in shown.output.split("Usage:")[1].split("\n", 1)[1]


def test_the_commands_page_is_current():
    assert (ROOT / "docs" / "commands.md").read_text() == manual(), "run `make docs`"


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "serve"])
def test_its_json_has_a_valid_schema(command):
    jsonschema_rs.validator_for(
        json.loads((ROOT / "docs" / "schemas" / f"{command.replace(' ', '-')}.json").read_text())
    )


def test_each_command_has_a_function_in_the_module_of_its_first_word():
    for package, names in PACKAGES.items():
        for name in names:
            assert find_function(package, name).__module__ == f"{package}.{module_of(name)}"


@pytest.mark.parametrize("command", [name for name in COMMANDS if name != "serve"])
def test_every_command_answers_in_json(command):
    app = reduce(lambda group, word: group.commands[word], command.split(), get_command(create_app()))
    assert sum("--json" in option.opts for option in app.params) == 1


def test_an_unknown_command_is_bad_use():
    assert CliRunner().invoke(create_app(), ["dance"]).exit_code == 2
