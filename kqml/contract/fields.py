"""Kinds of fields; what they add to a type appears in the OpenAPI description and in the schemas of commands."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, get_type_hints

from annotated_types import Interval


@dataclass(frozen=True)
class SchemaKeyword:
    """A keyword of JSON schema with its value. Pydantic calls the method by its name, so nothing of it is imported."""

    name: str
    value: str | tuple[str, ...]

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return {**handler(schema), self.name: self.value}


@dataclass(frozen=True)
class PrintedAsNull:
    """Says that a number may be NaN, which JSON has no word for."""

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return {"anyOf": [handler(schema), {"type": "null"}]}


Moment = Annotated[str, SchemaKeyword("format", "date-time")]
"""An instant with its offset."""

Fingerprint = Annotated[str, SchemaKeyword("pattern", "^[0-9a-f]{64}$")]
"""A SHA-256 in hexadecimal digits."""

PlaybookVersion = Annotated[str, SchemaKeyword("pattern", "^.+@[0-9a-f]{12}$")]
"""The name of a playbook with the first digits of its fingerprint."""

Day = Annotated[str, SchemaKeyword("format", "date")]
"""A date."""

TableName = Annotated[str, SchemaKeyword("enum", ("accounts", "contacts", "events", "reps"))]
"""A table of a dataset."""

ModelGrade = Annotated[str, SchemaKeyword("enum", ("A", "B", "C", "ungraded"))]
"""How good the procedure that trained a model has shown itself to be."""

Count = Annotated[int, Interval(ge=0)]
PositiveInteger = Annotated[int, Interval(ge=1)]

Share = Annotated[float, Interval(ge=0)]
"""A part of a whole, 1 being all of it."""

NumberOrNaN = Annotated[float, PrintedAsNull()]
"""A number; NaN, printed as null, where it has no value."""

Probability = Annotated[float, Interval(ge=0, le=1)]


def field_names(shape: type) -> tuple[str, ...]:
    """Return the names of the fields of a typed dict."""
    return tuple(get_type_hints(shape))
