"""The fingerprint of a catalog: equal for catalogs that build the same matrix."""

import hashlib
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from enum import Enum
from typing import Any

from features.definitions import CadenceTarget, Feature, atoms_of
from kqml.events import EventKind


def catalog_fingerprint(features: Sequence[Feature]) -> str:
    """Return a digest of the definitions of all columns and of their fills.

    Two models with the same digest read the same matrix: it covers what the playbook sets and no column name shows
    (weights, half-lives, targets, days).
    """
    result: dict[object, str] = {}
    lines = []
    for feature in features:
        rules = {atom.stream.rule for atom in atoms_of(feature.measure)} - {None}
        texts = [result.setdefault(rule, _canonical(rule)) for rule in rules]
        targets = [_canonical(feature.measure.targets)] if isinstance(feature.measure, CadenceTarget) else []
        lines.append("=".join([feature.column, str(feature.fill), *sorted(texts), *targets]))
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _canonical(value: Any) -> str:
    """Return a text that is the same for equal values in every process: sets sorted, kinds by their codes."""
    if isinstance(value, EventKind):
        return value.code
    if isinstance(value, Enum):
        return str(value.value)
    if is_dataclass(value):
        parts = (f"{field.name}:{_canonical(getattr(value, field.name))}" for field in fields(value))
        return f"{type(value).__name__}({','.join(parts)})"
    if isinstance(value, frozenset):
        return f"{{{','.join(sorted(map(_canonical, value)))}}}"
    if isinstance(value, tuple):
        return f"[{','.join(map(_canonical, value))}]"
    return repr(value)
