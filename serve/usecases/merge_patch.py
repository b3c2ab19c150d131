"""JSON merge patch (RFC 7396) of stored records."""

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from serve.usecases.refusals import RequestFault, refuse

MOST_ATTRIBUTES = 50


def merge_patch(target: Any, patch: Any) -> Any:
    """Return `target` with the members of `patch` put in: null removes one, objects are merged, all else replaces."""
    if not isinstance(patch, Mapping):
        return patch
    result = dict(target) if isinstance(target, Mapping) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merge_patch(result.get(name), value)
    return result


def patched_record(stored: Mapping[str, Any], changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return a stored row with changes of the contract merged in, its JSON parsed.

    Raises FaultyRequest where the attributes become too many.
    """
    record: dict[str, Any] = merge_patch({name: _parsed(name, value) for name, value in stored.items()}, changes)
    count = len(record.get("attributes") or {})
    if count > MOST_ATTRIBUTES:
        detail = f"would have {count} fields with those that are stored; at most {MOST_ATTRIBUTES} are allowed"
        refuse([RequestFault(("attributes",), detail)])
    return record


def _parsed(name: str, value: Any) -> Any:
    if name == "attributes" and value is not None:
        return json.loads(value)
    if name == "absences" and value is not None:
        return [[date.fromisoformat(day) for day in pair] for pair in json.loads(value)]
    return value
