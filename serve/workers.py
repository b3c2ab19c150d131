"""The worker processes of `kqml serve`."""

import gc
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from time import time_ns

import uvicorn
from fastapi import FastAPI
from uvicorn.supervisors import Multiprocess

from kqml.errors import CouldNot, Fault
from kqml.playbook import Playbook, read_playbook
from serve.database.engine import open_database
from serve.http.database_metrics import DatabaseCollector
from serve.http.metrics import SHARED_METRICS, Metrics
from serve.http.open_access import create_access
from serve.http.service_state import Service
from serve.http.timeouts import TimeoutProtocol
from serve.logs import UVICORN_LOGS, build_logger
from serve.running_week import RunningWeek
from serve.security.contact_vault import BirthdayVault
from serve.security.encryption import Cipher
from serve.security.startup_checks import SecurityOptions
from serve.server import create_app
from serve.usecases.database_histories import DatabaseHistories
from serve.usecases.scoring_model import load_live
from serve.usecases.served_model import ServedModel
from serve.webhooks.addresses import AllowedNetworks
from serve.webhooks.dispatcher import Dispatcher
from serve.webhooks.sending import WebhookSender

WAITING_CONNECTIONS = 2048
OBJECTS_A_COLLECTION = 20_000
"""New objects between two searches for cycles: a history's rows alone are hundreds, freed without any search."""

GRACE_SECONDS = 20
"""How long requests under way may take after a stop was asked for."""

STARTING_SECONDS = 60
"""A worker that stays silent for so long is replaced; on a busy machine its imports alone can take half of that."""


@dataclass(frozen=True)
class ServeOptions:
    """How to serve. `pointer`: the file that names the model. `database`: its address. Port 0 selects a free one.
    `body_limit`: in bytes. `cipher`: of personal data. `reach`: networks that webhooks may use. `playbook`: the rules
    in force."""

    pointer: Path
    database: str
    host: str
    port: int
    workers: int
    language: str
    body_limit: int
    security: SecurityOptions
    cipher: Cipher
    reach: AllowedNetworks = field(default_factory=AllowedNetworks)
    playbook: Playbook = field(default_factory=read_playbook)


def serve(options: ServeOptions) -> None:
    """Serve until SIGINT or SIGTERM. Raises CouldNot where host and port cannot be bound."""
    with _listening(options) as listening, _shared_metrics(options.workers):
        build_logger().info("listening", url=_url(listening), workers=options.workers)
        config = uvicorn.Config(
            partial(build_app, options),
            factory=True,
            workers=options.workers,
            http=TimeoutProtocol,
            log_config=UVICORN_LOGS,
            access_log=False,
            server_header=False,
            lifespan="on",
            timeout_graceful_shutdown=GRACE_SECONDS,
            timeout_worker_healthcheck=STARTING_SECONDS,
        )
        if options.workers > 1:
            Multiprocess(config, sockets=[listening]).run()
            return
        for stop in (signal.SIGINT, signal.SIGTERM):
            signal.signal(stop, lambda *_: sys.exit(0))  # uvicorn repeats the signal to whoever waited for it
        uvicorn.Server(config).run(sockets=[listening])


def build_app(options: ServeOptions) -> FastAPI:
    """Return the application of one worker, composed of its parts; the model is loaded before the worker responds."""
    log = build_logger()
    served = ServedModel(options.pointer, load_live, log)
    database, clock = open_database(options.database), _now
    service = Service(
        served=served,
        metrics=Metrics(served, [DatabaseCollector(database, clock)]),
        database=database,
        histories=DatabaseHistories(database),
        access=create_access(database, options.security, clock),
        clock=clock,
        language=options.language,
        body_limit=options.body_limit,
        security=options.security,
        cipher=options.cipher,
        playbook=options.playbook,
        background_tasks=[
            Dispatcher(database, options.cipher, WebhookSender(options.reach), clock, log),
            RunningWeek(database, served, options.playbook, clock, log, BirthdayVault(options.cipher)),
        ],
    )
    app = create_app(service, log)
    served.look()
    gc.collect()
    gc.freeze()  # else every full collection walks through a million objects of libraries while requests wait
    gc.set_threshold(OBJECTS_A_COLLECTION)
    return app


def _now() -> int:
    return time_ns() // 1_000


@contextmanager
def _listening(options: ServeOptions) -> Iterator[socket.socket]:
    family = socket.AF_INET6 if ":" in options.host else socket.AF_INET
    try:
        listening = socket.create_server((options.host, options.port), family=family, backlog=WAITING_CONNECTIONS)
    except OSError as error:
        fault = Fault(
            f"{options.host}:{options.port}",
            str(error),
            "stop the program that uses the port, or give --port or --host",
        )
        raise CouldNot("The service cannot listen on this address.", [fault]) from error
    with listening:
        yield listening


@contextmanager
def _shared_metrics(workers: int) -> Iterator[None]:
    """Makes workers count into files that any of them can sum up; prometheus_client reads the variable at import."""
    if workers == 1:
        yield
        return
    with TemporaryDirectory(prefix="kqml-metrics-") as folder:
        os.environ[SHARED_METRICS] = folder
        yield
        del os.environ[SHARED_METRICS]


def _url(listening: socket.socket) -> str:
    host, port = listening.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
