"""Schemas of the OpenAPI description in the form that generators of clients understand."""

from typing import Any

from pydantic import BaseModel

REF = "#/components/schemas/{model}"


def component_schemas(model: type[BaseModel]) -> dict[str, dict[str, Any]]:
    """Return the schema of a body with those that it refers to, by name.

    A root model around a typed dictionary becomes that dictionary under its own name: generators drop operations whose
    body is a reference to a reference.
    """
    schema = model.model_json_schema(ref_template=REF)
    definitions: dict[str, dict[str, Any]] = schema.pop("$defs", {})
    target = schema.pop("$ref", "").rpartition("/")[2]
    if target:
        schema = {**definitions.pop(target), **schema}
    return {**definitions, model.__name__: schema}


def drop_defaults(schemas: dict[str, dict[str, Any]]) -> None:
    """Remove `default` from all properties, whose descriptions name it: generators make properties with one required,
    so that bodies without them, which the service accepts, would not compile."""
    for schema in schemas.values():
        for described in schema.get("properties", {}).values():
            described.pop("default", None)
