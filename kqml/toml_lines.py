"""A small scanner that says on which line of a TOML text a key stands, which `tomllib` does not."""

import re
from collections.abc import Sequence

KeyPath = tuple[str | int, ...]

_KEY = re.compile(r"""\s*(?:"((?:[^"\\]|\\.)*)"|'([^']*)'|([A-Za-z0-9_-]+))\s*""")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}|' + r"'''.*?'{3,5}|" + r'"(?:[^"\\\n]|\\.)*"|' + r"'[^'\n]*'", re.DOTALL
)


def key_lines(text: str) -> dict[KeyPath, int]:
    """Line (from 1) of every table header and every key of a valid TOML text.

    Paths as `tomllib` nests them, the index in an array of tables as a number. Keys inside an inline table have the
    line of its beginning: see `line_of`.
    """
    lines: dict[KeyPath, int] = {}
    counts: dict[KeyPath, int] = {}
    table: KeyPath = ()
    position = _skip_blank(text, 0)
    while position < len(text):
        line = text.count("\n", 0, position) + 1
        if text[position] == "[":
            is_array = text.startswith("[[", position)
            keys, position = _keys(text, position + (2 if is_array else 1))
            table = _enter(keys, is_array, counts)
            lines.setdefault(table, line)
            position += 2 if is_array else 1
        else:
            keys, position = _keys(text, position)
            lines.setdefault((*table, *keys), line)
            position = _skip_value(text, position + 1)
        position = _skip_blank(text, position)
    return lines


def line_of(lines: dict[KeyPath, int], path: Sequence[str | int]) -> int | None:
    """The line of a key, or of the first thing in it, or of the nearest thing around it that has one."""
    for end in range(len(path), 0, -1):
        within = [line for key, line in lines.items() if key[:end] == tuple(path[:end])]
        if within:
            return lines.get(tuple(path[:end]), min(within))
    return None


def _enter(keys: list[str], is_array: bool, counts: dict[KeyPath, int]) -> KeyPath:
    """The path of a header, each array of tables on the way standing at its latest element."""
    path: KeyPath = ()
    for depth, key in enumerate(keys):
        path = (*path, key)
        if is_array and depth == len(keys) - 1:
            counts[path] = counts.get(path, -1) + 1
        if path in counts:
            path = (*path, counts[path])
    return path


def _keys(text: str, position: int) -> tuple[list[str], int]:
    """A dotted key from `position` on, the place after it."""
    keys = []
    while result := _KEY.match(text, position):
        keys.append(next(part for part in result.groups() if part is not None))
        position = result.end()
        if not text.startswith(".", position):
            break
        position += 1
    return keys, position


def _skip_value(text: str, position: int) -> int:
    """The place after the value that starts at `position`: the end of its line, brackets closed, strings passed."""
    depth = 0
    while position < len(text):
        character = text[position]
        if character == "\n" and depth == 0:
            break
        if character == "#":
            position = _line_end(text, position)
            continue
        if character in "\"'" and (result := _STRING.match(text, position)):
            position = result.end()
            continue
        depth += (character in "[{") - (character in "]}")
        position += 1
    return position


def _skip_blank(text: str, position: int) -> int:
    while position < len(text) and (text[position].isspace() or text[position] == "#"):
        position = _line_end(text, position) if text[position] == "#" else position + 1
    return position


def _line_end(text: str, position: int) -> int:
    end = text.find("\n", position)
    return len(text) if end < 0 else end
