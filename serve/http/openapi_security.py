"""Authentication in the OpenAPI description: schemes, the scope of each operation, its problems."""

from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.routing import APIRoute, iter_route_contexts

from serve.http.access import Need
from serve.http.problems import Problem
from serve.security.callers import Scope

SCHEMES: dict[str, dict[str, Any]] = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key: `Authorization: Bearer kqml_…`."},
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "kqml_session",
        "description": "The cookie of a login; writes send the page's `X-CSRF-Token` too.",
    },
}
_HEADERS = Problem.HEADERS_TOO_LARGE
_REFUSALS = {
    str(problem.status): problem.title for problem in (Problem.UNAUTHENTICATED, Problem.FORBIDDEN, Problem.RATE_LIMITED)
}


def needs(app: FastAPI) -> Iterator[tuple[str, str, tuple[Need, ...] | None]]:
    """Yield method, path and declared need of every route; None for routes of FastAPI's own."""
    for route in iter_route_contexts(app.routes):
        ours = isinstance(route.original_route, APIRoute)
        result = tuple(_declared(route.dependant)) if ours else None
        for method in sorted(route.methods or {"MOUNT"}):
            if method != "HEAD":
                yield method, str(route.path), result


def describe_access(document: dict[str, Any], app: FastAPI, problem: dict[str, Any]) -> None:
    """Add the scope, the schemes and the problems of authentication to every operation that needs a scope, and that
    they need none to the others. `problem`: the content of a problem response."""
    document.setdefault("components", {})["securitySchemes"] = SCHEMES
    for method, path, declared in needs(app):
        operation = document["paths"].get(path, {}).get(method.lower())
        if operation is not None:
            scope = next((need.scope for need in declared or ()), None)
            _describe(operation, scope, problem)


def _describe(operation: dict[str, Any], scope: Scope | None, problem: dict[str, Any]) -> None:
    operation["responses"].setdefault(str(_HEADERS.status), {"description": _HEADERS.title, "content": problem})
    if scope is None:
        operation["security"] = []
        return
    operation["security"] = [{name: []} for name in SCHEMES]
    operation["x-scope"] = scope.value
    for status, title in _REFUSALS.items():
        operation["responses"].setdefault(status, {"description": title, "content": problem})


def _declared(dependant: Any) -> Iterator[Need]:
    if isinstance(dependant.call, Need):
        yield dependant.call
    for below in dependant.dependencies:
        yield from _declared(below)
