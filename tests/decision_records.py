"""Decisions as the database keeps them."""

import json
from collections.abc import Mapping, Sequence
from typing import Any


def as_texts(row: Mapping[str, Any], names: Sequence[str]) -> dict[str, Any]:
    """The row with these values as JSON text."""
    return {
        name: json.dumps(value, ensure_ascii=False) if name in names and value is not None else value
        for name, value in row.items()
    }
