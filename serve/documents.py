"""What OpenAPI says beyond the signatures of the routes: bodies read as bytes, problems, examples."""

from importlib import resources
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from serve.problems import MEDIA_TYPE, Problem
from serve.schemas import ProblemOut, ScoreRequest

_REF = "#/components/schemas/{model}"
_UNROUTED: tuple[type[BaseModel], ...] = (ScoreRequest, ProblemOut)
"""Schemas that no signature mentions, because bodies are read and problems written as bytes."""


def request_body(schema: type[BaseModel]) -> dict[str, Any]:
    """The `openapi_extra` of a route that reads its JSON body itself."""
    content = {"application/json": {"schema": {"$ref": _REF.format(model=schema.__name__)}}}
    return {"requestBody": {"required": True, "content": content}}


def problems(*kinds: Problem) -> dict[int | str, dict[str, Any]]:
    """The `responses` of a route that can fail in these ways."""
    schema = {"$ref": _REF.format(model=ProblemOut.__name__)}
    return {kind.status: {"description": kind.title, "content": {MEDIA_TYPE: {"schema": schema}}} for kind in kinds}


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """The OpenAPI 3.1 document with every schema and the examples of `serve/examples`."""
    document = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for schema in _UNROUTED:
        described = schema.model_json_schema(ref_template=_REF)
        schemas |= described.pop("$defs", {})
        schemas[schema.__name__] = described
    content = document["paths"]["/v1/scores"]["post"]["requestBody"]["content"]["application/json"]
    content["examples"] = read_examples("scores")
    return document


def read_examples(name: str) -> dict[str, Any]:
    """The examples of one request: name → summary, value."""
    examples: dict[str, Any] = orjson.loads((resources.files("serve") / "examples" / f"{name}.json").read_bytes())
    return examples
