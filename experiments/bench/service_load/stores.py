"""A company in a database, known to a service of its own."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from time import time_ns

import orjson

from experiments.bench.score_requests import mlflow_row, rows_of
from kqml.calendar.business_time import DAY_US, moment_of
from kqml.dataset.folder import Dataset
from models.registry.served_pointer import POINTER, ServedPointer, read_pointer
from serve.database.dataset_import import load_dataset
from serve.database.engine import Database
from serve.database.preparation import open_prepared
from serve.database.territory import EVERYWHERE
from serve.security.api_keys import NewKey, add_key
from serve.security.callers import Scope
from serve.security.contact_vault import ContactVault
from serve.security.encryption import make_secret_key, read_cipher
from serve.security.key_text import make_key
from serve.usecases.database_histories import DatabaseHistories
from serve.usecases.scoring_model import BundleScoring

AFTER_DAYS = 1
"""Days between the last event of the data and the moment asked about."""


@dataclass(frozen=True)
class LoadedCompany:
    """What a database holds. `headers`: of a caller who may read scores, write events and decisions. `accounts`: ids;
    `bodies`: one request for the score of each; `rows`: the same accounts as feature rows for MLflow."""

    headers: dict[str, str]
    accounts: tuple[str, ...]
    bodies: tuple[bytes, ...]
    rows: tuple[bytes, ...]


def fill(address: str, dataset: Dataset, scoring: BundleScoring, accounts: int, reasons: int) -> LoadedCompany:
    """Load the dataset, create a key, select accounts that are eligible on the day after the data ends."""
    database = open_prepared(address, dataset.info.time_zone)
    try:
        load_dataset(database, dataset, time_ns() // 1_000, ContactVault(read_cipher(make_secret_key())))
        log = dataset.event_log()
        cutoff = int(log.known_at.max()) + AFTER_DAYS * DAY_US
        names = [str(name) for name in log.accounts]
        chosen = list(islice(_eligible(database, scoring, names, cutoff), accounts))
        request = {"as_of": moment_of(cutoff).isoformat(), "reasons": reasons}
        bodies = (orjson.dumps({**request, "accounts": [{"account_id": name}]}) for name, _ in chosen)
        ids, rows = zip(*chosen, strict=True)
        return LoadedCompany(_key(database), ids, tuple(bodies), rows)
    finally:
        database.close()


def _key(database: Database) -> dict[str, str]:
    fresh = make_key()
    scopes = frozenset({Scope.READ_SCORES, Scope.WRITE_EVENTS, Scope.READ_DECISIONS, Scope.WRITE_DECISIONS})
    with database.writing() as connection:
        add_key(connection, fresh, NewKey("benchmark", scopes, None, None, "benchmark"), time_ns() // 1_000)
    return {"authorization": f"Bearer {fresh.text}"}


def _eligible(
    database: Database, scoring: BundleScoring, names: Sequence[str], cutoff: int
) -> Iterator[tuple[str, bytes]]:
    """Yield accounts with their rows as the service computes them from the database."""
    histories = DatabaseHistories(database)
    for name in names:
        values = rows_of(scoring.scorer, scoring.scoring_request(histories.read([name], cutoff, EVERYWHERE), cutoff))
        if len(values):
            yield name, mlflow_row(scoring, values)


def two_versions(served: Path, home: Path) -> tuple[Path, tuple[ServedPointer, ServedPointer]]:
    """Copies what is served to another home, where no registry moves it, under two names; the pointer there."""
    shutil.copytree(served, home / "served")
    pointer = home / "served" / POINTER
    first = read_pointer(pointer)
    second = replace(first, version=f"{first.version}-again", folder=f"{first.folder}-again")
    shutil.copytree(home / "served" / first.folder, home / "served" / second.folder)
    return pointer, (first, second)
