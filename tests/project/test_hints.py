"""Commands that messages name exist, with the options that they are given."""

import re
import tomllib
from collections.abc import Iterator, Mapping
from importlib import resources
from typing import Any

import pytest
import typer

from kqml.__main__ import create_app
from kqml.messages import LANGUAGES
from models.registry.aliases import PROMOTABLE
from serve.cli.layout import Words
from serve.cli.layouts.training import next_step

NAMED = re.compile(r"`kqml ([^`]+)`")


def catalogues(language: str) -> list[dict[str, Any]]:
    folder = resources.files("kqml.messages") / language
    return [tomllib.loads(file.read_text(encoding="utf-8")) for file in folder.iterdir() if file.name.endswith(".toml")]


def sentences(table: Mapping[str, Any]) -> Iterator[str]:
    for value in table.values():
        if isinstance(value, Mapping):
            yield from sentences(value)
        elif isinstance(value, str):
            yield value


def is_command(words: list[str]) -> bool:
    """Whether the command line's first words name a command and its options are options of it."""
    found: Any = typer.main.get_command(create_app())
    while words and hasattr(found, "commands"):
        found = found.commands.get(words.pop(0))
    if found is None:
        return False
    options = {name for parameter in found.params for name in parameter.opts}
    return all(word in options for word in words if word.startswith("--"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_commands_in_messages_exist(language):
    named = {
        line for topic in catalogues(language) for sentence in sentences(topic) for line in NAMED.findall(sentence)
    }
    assert len(named) > 5
    assert [line for line in sorted(named) if not is_command(line.split())] == []


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("grade", ["A", "B", "C", "ungraded"])
def test_a_training_proposes_promotion_only_where_it_is_allowed(language, grade):
    told = next_step({"version": 7, "grade": {"grade": grade}}, Words("evaluation", language))
    assert ("kqml promote 7" in told) == (grade in PROMOTABLE)
    assert len(told) > 20
