"""Estimates with their intervals."""

from collections.abc import Mapping

from kqml.messages.quantities import fixed


def interval(value: Mapping[str, float] | None, digits: int = 4) -> str:
    """Return a value with the ends of its interval, nothing where there is none."""
    if not value:
        return ""
    middle, low, high = (fixed(value[name], f".{digits}g") for name in ("value", "low", "high"))
    return f"{middle} ({low} – {high})"
