"""A playbook file becomes a Playbook, or is refused with everything that is wrong with it."""

import tomllib
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from kqml.errors import BadUse, CouldNot, Fault
from kqml.playbook.meaning import Problem, meaning_problems
from kqml.playbook.playbook import Playbook
from kqml.toml_lines import KeyPath, key_lines, line_of

PRESETS = ("pharmacy", "dealer")

_GUIDE = "see docs/playbook.md"

_CONTAINERS = {"tuple_type": "an array", "dict_type": "a table", "mapping_type": "a table", "dataclass_type": "a table"}


def read_playbook(name: str = "pharmacy") -> Playbook:
    """The playbook of a file, or of a preset's name. Raises BadUse with every fault of the file at once."""
    return parse_playbook(_text(name), name)


def parse_playbook(text: str, name: str) -> Playbook:
    """The playbook that a TOML text says; `name` is how faults call it."""
    try:
        given = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadUse(f"The playbook {name} is not valid TOML: {error}.") from error
    data, problems = _extended(given)
    playbook, result = _validated(data)
    problems += [*result, *meaning_problems(data)]
    if problems or playbook is None:
        raise BadUse(f"The playbook {name} is not valid.", _located(problems, key_lines(text), name))
    return playbook


def content_of(playbook: Playbook) -> dict[str, Any]:
    """Everything a playbook says, as plain tables, lists, text, numbers: what its fingerprint is of."""
    return playbook.content


def _text(name: str) -> str:
    try:
        if name in PRESETS:
            return (resources.files("kqml.playbook") / "presets" / f"{name}.toml").read_text(encoding="utf-8")
        return Path(name).read_text(encoding="utf-8")
    except FileNotFoundError as error:
        raise BadUse(f"The playbook {name} does not exist; give a file or one of {', '.join(PRESETS)}.") from error
    except UnicodeDecodeError as error:
        raise BadUse(f"The playbook {name} is not text in UTF-8: {error}.") from error
    except OSError as error:
        raise CouldNot(f"The playbook {name} cannot be read: {error}") from error


def _extended(given: dict[str, Any]) -> tuple[dict[str, Any], list[Problem]]:
    """The preset that the file extends with the file's own tables laid over it; where there is none of that name, the
    first one, so that the file's other faults are told with it."""
    if "extends" not in given:
        return given, []
    base = given.pop("extends")
    below, _ = _extended(tomllib.loads(_text(base if base in PRESETS else PRESETS[0])))
    unknown: list[Problem] = [(("extends",), f"{base!r} is not a preset", f"use one of {', '.join(PRESETS)}")]
    return _laid_over(below, given), [] if base in PRESETS else unknown


def _laid_over(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables are merged by key; all else, arrays too, is replaced."""
    merged = dict(below)
    for key, value in above.items():
        old = merged.get(key)
        both = isinstance(old, dict) and isinstance(value, dict)
        merged[key] = _laid_over(old, value) if both else value  # type: ignore[arg-type]
    return merged


def _validated(data: dict[str, Any]) -> tuple[Playbook | None, list[Problem]]:
    try:
        return TypeAdapter(Playbook).validate_python(data), []
    except ValidationError as error:
        items = [item for item in error.errors() if item["type"] != "too_short" or not item["input"]]
        return None, [_shape_problem(item["loc"], item["type"], item["msg"], item["input"]) for item in items]


def _shape_problem(loc: KeyPath, kind: str, message: str, value: object) -> Problem:
    path = tuple(part for part in loc if part != "[key]")
    if kind in ("extra_forbidden", "unexpected_keyword_argument"):
        return path, "is not a playbook key", f"correct or delete it; {_GUIDE}"
    if kind in ("missing", "missing_argument"):
        return path, "is absent", f"add it, or extend a preset; {_GUIDE}"
    if kind in _CONTAINERS:
        return path, f"the value must be {_CONTAINERS[kind]}", f"correct it; {_GUIDE}"
    given = "" if isinstance(value, dict | list) else f" (got {value!r})"
    return path, message.removeprefix("Value error, ") + given, f"correct it; {_GUIDE}"


def _located(problems: Iterable[Problem], lines: dict[KeyPath, int], name: str) -> list[Fault]:
    result = sorted({(line_of(lines, path) or 1, _dotted(path), problem, todo) for path, problem, todo in problems})
    return [
        Fault(f"{name} line {line}, {dotted or 'the file'}", problem, todo) for line, dotted, problem, todo in result
    ]


def _dotted(path: KeyPath) -> str:
    """Return a path such as `actions[2].minutes`; indices of arrays count from 1, as people do."""
    return "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in path).removeprefix(".")
