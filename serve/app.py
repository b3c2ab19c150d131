"""The HTTP application, composed of what it is given."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from structlog.typing import FilteringBoundLogger

from serve.documents import build_openapi
from serve.envelope import REQUEST_ID, Envelope
from serve.problems import Problem, ProblemError, problem_response
from serve.routes import scores, status
from serve.service import Service

GZIP_FROM_BYTES = 4 * 1024
"""Smaller answers fit into a few packets anyway; one account's has about 700 bytes."""

DESCRIPTION = "客情 machine learning: how likely accounts are to stop ordering, why."
VERSION = "1"
_TELEMETRY_OFF: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


def create_app(service: Service, log: FilteringBoundLogger) -> FastAPI:
    """The application; while it runs it follows the published model. Pages of documentation would need a CDN: none."""

    @asynccontextmanager
    async def follow_the_model(app: FastAPI) -> AsyncIterator[None]:
        service.served.start()
        yield
        service.served.stop()

    app = FastAPI(
        title="kqml",
        version=VERSION,
        description=DESCRIPTION,
        lifespan=follow_the_model,
        docs_url=None,
        redoc_url=None,
        telemetry=_TELEMETRY_OFF,
        exception_handlers={ProblemError: _problem, HTTPException: _http_problem},
    )
    app.state.service = service
    app.include_router(scores.router)
    app.include_router(status.router)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=5)
    app.add_middleware(Envelope, metrics=service.metrics, log=log)
    app.openapi = lambda: build_openapi(app)  # type: ignore[method-assign]
    return app


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_response(error, request.scope[REQUEST_ID])


async def _http_problem(request: Request, error: Exception) -> Response:
    """Starlette's own refusals in the shape of ours."""
    assert isinstance(error, HTTPException)
    kinds = {404: Problem.NOT_FOUND, 405: Problem.METHOD_NOT_ALLOWED}
    kind = kinds.get(error.status_code, Problem.BAD_REQUEST)
    detail = f"{request.method} {request.url.path} is not served; see /openapi.json."
    return problem_response(ProblemError(kind, detail, headers=error.headers), request.scope[REQUEST_ID])
