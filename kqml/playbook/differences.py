"""In what two playbooks differ, key by key."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kqml.playbook.meaning import UNIQUE
from kqml.playbook.playbook import Playbook
from kqml.playbook.reading import content_of

PlainValue = str | bool | int | float | list[Any]
"""The value of a key of a playbook."""

_KNOWN_BY = dict(UNIQUE)


@dataclass(frozen=True)
class PlaybookDifference:
    """A key that two playbooks answer differently; None where one of them has no such key."""

    key: str
    first: PlainValue | None
    second: PlainValue | None


def playbook_differences(first: Playbook, second: Playbook) -> list[PlaybookDifference]:
    """Every key whose value differs, in the order of the keys.

    Entries of arrays are matched by their name (`actions[visit].minutes`), not by their index.
    """
    first_flat, second_flat = flat(content_of(first)), flat(content_of(second))
    keys = [*first_flat, *(key for key in second_flat if key not in first_flat)]
    return [
        PlaybookDifference(key, first_flat.get(key), second_flat.get(key))
        for key in keys
        if first_flat.get(key) != second_flat.get(key)
    ]


def flat(content: Mapping[str, Any]) -> dict[str, Any]:
    """Key path → value; arrays of plain values are one value."""
    return dict(_leaves("", content))


def _leaves(path: str, value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}".removeprefix("."), item)
    elif isinstance(value, list) and value and isinstance(value[0], dict):
        for index, row in enumerate(value):
            yield from _leaves(f"{path}[{_known_as(path, index, row)}]", row)
    else:
        yield path, value


def _known_as(path: str, index: int, row: Mapping[str, Any]) -> str:
    text = [str(row[key]) for key in _KNOWN_BY.get(path, ()) if row.get(key) is not None]
    return " ".join(text) or str(index + 1)
