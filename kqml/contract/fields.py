"""Kinds of fields; what they add to a type appears in the OpenAPI description."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

from annotated_types import Interval


@dataclass(frozen=True)
class TextFormat:
    """The `format` of a text in JSON schema. Pydantic calls the method by its name, so nothing of it is imported."""

    name: str

    def __get_pydantic_json_schema__(self, schema: Any, handler: Callable[[Any], dict[str, Any]]) -> dict[str, Any]:
        return {**handler(schema), "format": self.name}


Moment = Annotated[str, TextFormat("date-time")]
"""An instant with its offset."""

Probability = Annotated[float, Interval(ge=0, le=1)]
