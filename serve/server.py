"""The HTTP application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from sqlalchemy.exc import InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as DatabaseTimeout
from starlette.exceptions import HTTPException
from starlette.middleware.cors import CORSMiddleware
from starlette.middleware.gzip import GZipMiddleware
from structlog.typing import FilteringBoundLogger

from serve.http import login, oidc_login, start_page
from serve.http.methods import HeadAsGet, methods_at
from serve.http.openapi import build_openapi
from serve.http.path_parameters import WholeSegments, address_of
from serve.http.problems import Problem, ProblemError, ProblemItem, invalid_request, pointer_to, problem_response
from serve.http.request_bodies import error_text
from serve.http.request_middleware import REQUEST_ID, Envelope
from serve.http.routes import (
    account_grades,
    account_history,
    accounts,
    administration,
    adoption,
    compliance,
    contacts,
    decisions,
    duties,
    duty_status,
    events,
    exports,
    next_actions,
    plans,
    portfolios,
    recommendations,
    rep_days,
    reports,
    reps,
    rights,
    scores,
    status,
    stored_scores,
)
from serve.http.security_headers import SecurityHeaders
from serve.http.service_state import Service
from serve.logs import where_it_failed
from serve.usecases.refusals import FaultyRequest, NotAllowed, StateConflict, UnknownRecord

GZIP_FROM_BYTES = 4 * 1024
"""Smaller answers fit into a few packets anyway; one account's has about 700 bytes."""

CROSS_ORIGIN: Any = {
    "allow_methods": ("GET", "POST", "PUT", "PATCH", "DELETE"),
    "allow_headers": ("authorization", "content-type", "idempotency-key", "if-match", "if-none-match", "x-request-id"),
    "expose_headers": ("etag", "retry-after", "x-request-id", "idempotency-replayed", "location"),
    "allow_credentials": False,
    "max_age": 600,
}
"""What pages of other sites may send and read: by key, never by the cookie of a session."""

DESCRIPTION = "客情 machine learning: churn scores with reasons, and recommended actions."
VERSION = "1"
ABOUT_ACCOUNTS = (
    scores,
    stored_scores,
    accounts,
    account_history,
    account_grades,
    contacts,
    reps,
    plans,
    compliance,
    portfolios,
    rep_days,
    events,
)
ABOUT_ACTIONS = (next_actions, recommendations, decisions, duties, duty_status, exports, adoption, reports)
ROUTES = (*ABOUT_ACCOUNTS, *ABOUT_ACTIONS, rights, administration, login, oidc_login, status, start_page)
_TELEMETRY_OFF: Any = {"tracing": False, "metrics": False, "logs": False, "operation_spans": False}


def create_app(service: Service, log: FilteringBoundLogger) -> FastAPI:
    """Return the application. While it runs it follows the published model and runs the background tasks. It has no
    pages of API documentation, because those need a CDN."""

    @asynccontextmanager
    async def run_background_tasks(app: FastAPI) -> AsyncIterator[None]:
        for task in (service.served, *service.background_tasks):
            task.start()
        yield
        for task in (service.served, *service.background_tasks):
            task.stop()

    app = FastAPI(
        title="kqml",
        version=VERSION,
        description=DESCRIPTION,
        license_info={"name": "Apache 2.0", "identifier": "Apache-2.0"},
        servers=[{"url": "/", "description": "The service that this document comes from."}],
        lifespan=run_background_tasks,
        redirect_slashes=False,
        docs_url=None,
        redoc_url=None,
        telemetry=_TELEMETRY_OFF,
        generate_unique_id_function=lambda route: route.name,
        exception_handlers={
            ProblemError: _problem,
            FaultyRequest: _faulty_request,
            NotAllowed: _not_allowed,
            UnknownRecord: _unknown_record,
            StateConflict: _state_conflict,
            HTTPException: _http_problem,
            RequestValidationError: _parameter_problem,
            OperationalError: _database_problem,
            InterfaceError: _database_problem,
            DatabaseTimeout: _database_problem,
        },
    )
    app.state.service, app.state.log = service, log
    for routes in ROUTES:
        app.include_router(routes.router)
    app.add_middleware(WholeSegments)
    app.add_middleware(GZipMiddleware, minimum_size=GZIP_FROM_BYTES, compresslevel=5)
    app.add_middleware(Envelope, metrics=service.metrics, log=log)
    if service.security.cors_origins:
        app.add_middleware(CORSMiddleware, allow_origins=service.security.cors_origins, **CROSS_ORIGIN)
    app.add_middleware(SecurityHeaders, tls=service.security.tls)
    app.add_middleware(HeadAsGet)
    app.openapi = lambda: build_openapi(app)  # type: ignore[method-assign]
    return app


async def _problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, ProblemError)
    return problem_response(error, request.scope[REQUEST_ID])


async def _faulty_request(request: Request, error: Exception) -> Response:
    """Return the faults that a use case found in a body as a problem."""
    assert isinstance(error, FaultyRequest)
    faults = [ProblemItem(pointer_to(fault.path), fault.detail) for fault in error.faults]
    return problem_response(invalid_request(faults), request.scope[REQUEST_ID])


async def _not_allowed(request: Request, error: Exception) -> Response:
    assert isinstance(error, NotAllowed)
    faults = [ProblemItem(pointer_to(fault.path), fault.detail) for fault in error.faults]
    return problem_response(ProblemError(Problem.FORBIDDEN, str(error), faults), request.scope[REQUEST_ID])


async def _unknown_record(request: Request, error: Exception) -> Response:
    return problem_response(ProblemError(Problem.NOT_FOUND, str(error)), request.scope[REQUEST_ID])


async def _state_conflict(request: Request, error: Exception) -> Response:
    return problem_response(ProblemError(Problem.CONFLICT, str(error)), request.scope[REQUEST_ID])


async def _http_problem(request: Request, error: Exception) -> Response:
    """Return an error of Starlette as a problem."""
    assert isinstance(error, HTTPException)
    kinds = {404: Problem.NOT_FOUND, 405: Problem.METHOD_NOT_ALLOWED}
    kind = kinds.get(error.status_code, Problem.BAD_REQUEST)
    detail = f"{request.method} {address_of(request.scope)} does not exist. See /openapi.json."
    taken = {"allow": methods_at(request.app, request.scope["path"])} if error.status_code == 405 else {}
    headers = {name.lower(): value for name, value in (error.headers or {}).items()} | taken
    return problem_response(ProblemError(kind, detail, headers=headers), request.scope[REQUEST_ID])


async def _parameter_problem(request: Request, error: Exception) -> Response:
    """Return the faults that FastAPI found in the address or the headers as a problem."""
    assert isinstance(error, RequestValidationError)
    faults = [ProblemItem("", error_text(item), str(item["loc"][-1])) for item in error.errors()]
    return problem_response(invalid_request(faults), request.scope[REQUEST_ID])


async def _database_problem(request: Request, error: Exception) -> Response:
    """Return the problem of a database that does not respond. Nothing was changed, or the client finds out by sending
    the same request again."""
    request.app.state.log.error("store_failed", request_id=request.scope[REQUEST_ID], **where_it_failed(error))
    detail = "The database does not respond. Try again."
    return problem_response(
        ProblemError(Problem.NO_DATABASE, detail, headers={"retry-after": "1"}), request.scope[REQUEST_ID]
    )
