"""The OpenAPI description, with what the signatures of the routes do not show: bodies, problems, examples."""

from collections.abc import Iterator
from importlib import resources
from typing import Any

import orjson
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from pydantic import BaseModel

from serve.http.openapi_schemas import REF, component_schemas, drop_defaults
from serve.http.openapi_security import describe_access
from serve.http.problems import MEDIA_TYPE, Problem
from serve.http.schemas import decisions as decision_schemas
from serve.http.schemas import duties as duty_schemas
from serve.http.schemas import next_actions as next_action_schemas
from serve.http.schemas import recommendations as recommendation_schemas
from serve.http.schemas import records as record_schemas
from serve.http.schemas import rights as rights_schemas
from serve.http.schemas.scores import ProblemOut, ScoreRequest

_UNROUTED: tuple[type[BaseModel], ...] = (
    ScoreRequest,
    ProblemOut,
    record_schemas.EventBatch,
    record_schemas.AccountBody,
    record_schemas.AccountPatch,
    record_schemas.AccountBatch,
    record_schemas.ContactBody,
    record_schemas.ContactPatch,
    record_schemas.ContactBatch,
    record_schemas.RepBody,
    record_schemas.RepPatch,
    record_schemas.RepBatch,
    rights_schemas.ReviewBody,
    rights_schemas.AnswerBody,
    decision_schemas.StatusBody,
    next_action_schemas.NextActionsBody,
    recommendation_schemas.RecommendationRequest,
    duty_schemas.DutyStatusBody,
)
"""Schemas that no signature mentions, because bodies are read and problems written as bytes."""

EXAMPLES = {
    "ScoreRequest": "scores",
    "EventBatch": "events",
    "AccountBody": "account",
    "AccountPatch": "account_patch",
    "AccountBatch": "accounts",
    "ContactBody": "contact",
    "ContactPatch": "contact_patch",
    "ContactBatch": "contacts",
    "RepBody": "rep",
    "RepPatch": "rep_patch",
    "RepBatch": "reps",
    "ReviewBody": "review",
    "AnswerBody": "review_answer",
    "StatusBody": "status",
    "NextActionsBody": "next_actions",
    "RecommendationRequest": "recommendations",
    "DutyStatusBody": "duty_status",
    "DutyPage": "duty_page",
    "RepPlan": "rep_plan",
    "RepDays": "rep_days",
}
"""The schema of a body or an answer → the file of `serve/http/examples` that shows it."""

BODY_PROBLEMS = (
    Problem.INVALID_JSON,
    Problem.TOO_SLOW,
    Problem.TOO_LARGE,
    Problem.UNSUPPORTED_MEDIA_TYPE,
    Problem.INVALID_REQUEST,
    Problem.NO_DATABASE,
)
"""How a request with a body for the database can fail."""


def request_body(schema: type[BaseModel]) -> dict[str, Any]:
    """Return the `openapi_extra` of a route that reads its JSON body itself."""
    content = {"application/json": {"schema": {"$ref": REF.format(model=schema.__name__)}}}
    return {"requestBody": {"required": True, "content": content}}


def problems(*kinds: Problem) -> dict[int | str, dict[str, Any]]:
    """Return the `responses` of a route with these problems."""
    schema = {"$ref": REF.format(model=ProblemOut.__name__)}
    text: dict[int | str, str] = {}
    for kind in kinds:
        text[kind.status] = f"{text[kind.status]}; {kind.title}" if kind.status in text else kind.title
    return {
        status: {"description": title, "content": {MEDIA_TYPE: {"schema": schema}}} for status, title in text.items()
    }


def build_openapi(app: FastAPI) -> dict[str, Any]:
    """Return the OpenAPI 3.1 document with every schema and the examples of `serve/http/examples`."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        license_info=app.license_info,
        servers=app.servers,
        routes=app.routes,
    )
    schemas: dict[str, Any] = document.setdefault("components", {}).setdefault("schemas", {})
    for schema in _UNROUTED:
        schemas |= component_schemas(schema)
    drop_defaults(schemas)
    for name, content in _bodies(document):
        if name in EXAMPLES:
            content["examples"] = read_examples(EXAMPLES[name])
    describe_access(document, app, {MEDIA_TYPE: {"schema": {"$ref": REF.format(model=ProblemOut.__name__)}}})
    return document


def _bodies(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The schema name of every JSON body of requests and responses, with the object that describes it."""
    for operations in document["paths"].values():
        for operation in operations.values():
            for body in (operation.get("requestBody", {}), *operation["responses"].values()):
                content = body.get("content", {}).get("application/json", {})
                if "$ref" in content.get("schema", {}):
                    yield content["schema"]["$ref"].rsplit("/", 1)[1], content


def read_examples(name: str) -> dict[str, Any]:
    """Return the examples of a request: name → summary, value."""
    examples: dict[str, Any] = orjson.loads((resources.files("serve.http") / "examples" / f"{name}.json").read_bytes())
    return examples
