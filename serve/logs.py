"""Structured logs: one JSON object a line on standard error, without personal data."""

import logging
import sys
from pathlib import Path
from traceback import extract_tb
from typing import Any, TextIO

import orjson
import structlog
from sqlalchemy.exc import OperationalError


def build_logger(stream: TextIO | None = None) -> structlog.typing.FilteringBoundLogger:
    """Return a logger with its own configuration; nothing is configured globally."""
    logger: structlog.typing.FilteringBoundLogger = structlog.wrap_logger(
        structlog.BytesLogger((stream or sys.stderr).buffer),
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(serializer=orjson.dumps),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(20),
        cache_logger_on_first_use=True,
    )
    return logger


CAUSE_LENGTH = 200


def where_it_failed(error: BaseException) -> dict[str, Any]:
    """Return the exception's type and its frames, never its message, which may quote the request. Of a failure to
    reach the database the driver's type and the first line of its message, which names the server or the file."""
    frames = extract_tb(error.__traceback__)
    cause = str(error.orig).strip().partition("\n")[0] if isinstance(error, OperationalError) else ""
    return {
        "error": type(error).__name__,
        **({"cause": cause[:CAUSE_LENGTH]} if cause else {}),
        "frames": [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames[-8:]],
    }


class JsonLines(logging.Formatter):
    """Formats records of the standard library's logging, such as uvicorn's, as our log lines."""

    def format(self, record: logging.LogRecord) -> str:
        line = {"event": record.getMessage(), "level": record.levelname.lower(), "logger": record.name}
        if record.exc_info and record.exc_info[1] is not None:
            line |= where_it_failed(record.exc_info[1])
        return orjson.dumps(line).decode()


UVICORN_LOGS: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "serve.logs.JsonLines"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stderr"}},
    "loggers": {"uvicorn": {"handlers": ["stderr"], "level": "WARNING", "propagate": False}},
}
