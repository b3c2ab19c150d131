"""Results as plain values and as strict JSON."""

import math
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import orjson


def to_json(result: Any) -> str:
    """Return strict JSON of a mapping or a dataclass: NaN and infinities become null, NumPy numbers numbers."""
    return orjson.dumps(plain_value(result), option=orjson.OPT_SERIALIZE_NUMPY).decode()


def plain_value(value: Any) -> Any:
    """Return dataclasses and mappings as dicts, sequences as lists, NaN and infinities as None, at every depth."""
    if is_dataclass(value) and not isinstance(value, type):
        return {each.name: plain_value(getattr(value, each.name)) for each in fields(value)}
    if isinstance(value, Mapping):
        return {str(key): plain_value(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain_value(item) for item in value]
    if hasattr(value, "tolist"):
        return plain_value(value.tolist())
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value
