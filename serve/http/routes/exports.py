"""`/v1/exports`: tables of scores and plans as files."""

import tempfile
from collections.abc import Callable, Iterator
from typing import Annotated, Any, BinaryIO

from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from kqml.dataset.table_stream import TableFormat
from serve.http.access import ReadsDecisions, ReadsScores
from serve.http.dependencies import ServiceOf
from serve.http.export_query import PlansExportQuery, ScoresExportQuery
from serve.http.openapi import problems
from serve.http.problems import Problem
from serve.http.service_state import Service
from serve.http.weeks import parse_week, present_week
from serve.security.callers import Caller
from serve.usecases.database_access import Transaction
from serve.usecases.export_plans import ExportPlansRequest, export_plans
from serve.usecases.export_scores import ExportScoresRequest, export_scores

router = APIRouter(tags=["exports"])
MEDIA_TYPES: dict[TableFormat, str] = {"csv": "text/csv; charset=utf-8", "parquet": "application/vnd.apache.parquet"}
CHUNK = 256 * 1024
_BYTES = {"schema": {"type": "string", "format": "binary"}}
_CONTENT = {media.partition(";")[0]: _BYTES for media in MEDIA_TYPES.values()}
_FILE: dict[int | str, dict[str, Any]] = {200: {"description": "The table", "content": _CONTENT}}


@router.get(
    "/v1/exports/scores",
    summary="Export stored scores",
    response_class=Response,
    responses=_FILE | problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def export_the_scores(
    service: ServiceOf, caller: ReadsScores, query: Annotated[ScoresExportQuery, Query()]
) -> Response:
    """The newest stored score of each account that the caller may see, with its reasons, as CSV or Parquet."""
    request = ExportScoresRequest(caller.territory, query.filters, query.format, query.language or service.language)
    return await run_in_threadpool(
        _export, service, "scores", query.format, lambda transaction, file: export_scores(transaction, request, file)
    )


@router.get(
    "/v1/exports/plans",
    summary="Export the plans of a week",
    response_class=Response,
    responses=_FILE | problems(Problem.INVALID_REQUEST, Problem.NO_DATABASE),
)
async def export_the_plans(
    service: ServiceOf, caller: ReadsDecisions, query: Annotated[PlansExportQuery, Query()]
) -> Response:
    """The decisions of a week about accounts that the caller may see, with their states and briefs, as CSV or Parquet.
    Accounts that object to automated recommendations are left out."""
    return await run_in_threadpool(_export_plans, service, caller, query)


def _export_plans(service: Service, caller: Caller, query: PlansExportQuery) -> Response:
    named, language = parse_week(query.week), query.language or service.language

    def write(transaction: Transaction, file: BinaryIO) -> int:
        week = (named or present_week(service.clock(), transaction.time_zone)).week_name
        request = ExportPlansRequest(caller.territory, week, query.rep, query.format, language)
        return export_plans(transaction, request, file)

    return _export(service, "plans", query.format, write)


def _export(service: Service, name: str, form: TableFormat, write: Callable[[Transaction, BinaryIO], int]) -> Response:
    """Return the table as a file.

    It is written to an unnamed temporary file first: a client that reads slowly holds no snapshot of the database open,
    and a fault becomes a problem instead of half a file.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed when the response was sent
    try:
        with service.snapshot() as transaction:
            write(transaction, file)
    except BaseException:
        file.close()
        raise
    headers = {"content-disposition": f'attachment; filename="{name}.{form}"', "content-length": str(file.tell())}
    return StreamingResponse(_chunks(file), headers=headers, media_type=MEDIA_TYPES[form])


def _chunks(file: BinaryIO) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while chunk := file.read(CHUNK):
            yield chunk
