"""The known value that an unknown one was probably meant to be, as advice in a fault."""

import difflib
from collections.abc import Iterable, Sequence

from kqml.ids import look_alike_key

MOST_KNOWN = 12


def near_match(value: str, known: Iterable[str]) -> str | None:
    """Return the known value that looks the same (case, blanks, width), else the one spelled most alike, or None."""
    names = list(known)
    alike = same_look(names).get(look_alike_key(value))
    if alike is not None:
        return alike
    near = difflib.get_close_matches(value, names, n=1)
    return near[0] if near else None


def same_look(names: Iterable[str]) -> dict[str, str]:
    """Return the first name by its look-alike key."""
    result: dict[str, str] = {}
    for name in names:
        result.setdefault(look_alike_key(name), name)
    return result


def use_known(value: str, known: Sequence[str]) -> str:
    """Return what to write instead of `value`: the near match, and the first known values."""
    near = near_match(value, known)
    listed = f"use {', '.join(known[:MOST_KNOWN])}{', …' if len(known) > MOST_KNOWN else ''}"
    return listed if near is None else f"did you mean {near!r}? {listed}"
