"""Routes of the service's state: the model, health, readiness, metrics."""

from typing import Any

import orjson
from fastapi import APIRouter, Response
from prometheus_client import CONTENT_TYPE_PLAIN_0_0_4
from starlette.concurrency import run_in_threadpool
from starlette.responses import PlainTextResponse

from kqml.contract.status import Health, ModelCard, Readiness
from serve.http.access import Public, ReadsMetrics, ReadsModel
from serve.http.dependencies import ServiceOf
from serve.http.openapi import problems
from serve.http.problems import Problem, ProblemError

router = APIRouter(tags=["status"])


@router.get(
    "/v1/model", summary="Show the served model", response_model=ModelCard, responses=problems(Problem.NO_MODEL)
)
async def show_model(service: ServiceOf, caller: ReadsModel) -> Response:
    """The version of the served model, its grade, its definition of churn, its evaluation."""
    live = service.live_model()
    return _json({"version": live.version, "grade": live.grade, **live.card})


@router.get("/healthz", summary="Check that the process runs", response_model=Health, dependencies=[Public])
async def show_health() -> Response:
    """Responds as long as the process runs, with or without a model."""
    return _json({"status": "ok"})


@router.get(
    "/readyz",
    summary="Check that the service can answer",
    response_model=Readiness,
    responses=problems(Problem.NO_MODEL, Problem.NO_DATABASE),
    dependencies=[Public],
)
async def show_readiness(service: ServiceOf) -> Response:
    """Ready when there is a model and the database responds. A published model that cannot be loaded is a warning: the
    last good one scores."""
    live, fault = service.live_model(), service.served.state.fault
    unusable = await service.database_check.fault()
    if unusable is not None:
        detail = f"The database cannot be used: {unusable}."
        raise ProblemError(Problem.NO_DATABASE, detail, headers={"retry-after": "5"})
    warnings = [f"Version {live.version} still answers, because {fault}"] if fault else []
    return _json({"status": "ready", "model": {"version": live.version, "grade": live.grade}, "warnings": warnings})


@router.get("/metrics", summary="Prometheus metrics", response_class=PlainTextResponse)
async def show_metrics(service: ServiceOf, caller: ReadsMetrics) -> Response:
    """Metrics in Prometheus' text format; with several workers, summed over all of them."""
    return Response(await run_in_threadpool(service.metrics.exposition), media_type=CONTENT_TYPE_PLAIN_0_0_4)


def _json(content: dict[str, Any]) -> Response:
    return Response(orjson.dumps(content), media_type="application/json")
