"""A service composed of what a test has."""

from collections.abc import Callable

from kqml.playbook import read_playbook
from serve.database.engine import Database
from serve.http.access import Access
from serve.http.database_metrics import DatabaseCollector
from serve.http.metrics import Metrics
from serve.http.service_state import Service
from serve.security.encryption import make_secret_key, read_cipher
from serve.security.sessions import SessionLimits
from serve.security.startup_checks import SecurityOptions
from serve.usecases.database_histories import DatabaseHistories
from serve.usecases.served_model import ServedModel


def service_around(
    served: ServedModel, database: Database, access: Access, clock: Callable[[], int], limit: int
) -> Service:
    """What `serve.workers` composes, around what a test has."""
    return Service(
        served=served,
        metrics=Metrics(served, [DatabaseCollector(database, clock)]),
        database=database,
        histories=DatabaseHistories(database),
        access=access,
        clock=clock,
        language="zh",
        body_limit=limit,
        security=SecurityOptions(open=False, tls=False, limits=SessionLimits(10**10, 10**11)),
        cipher=read_cipher(make_secret_key()),
        playbook=read_playbook(),
    )
