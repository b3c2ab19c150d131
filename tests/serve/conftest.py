"""The app around a fake model, whose answers show what reached it."""

import io
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from database_fixtures import *  # noqa: F403
from open_access import OpenAccess
from service_around import service_around
from small_company import SmallCompany, make_small_company
from starlette.testclient import TestClient

from kqml.calendar.business_time import instant_of
from kqml.errors import CouldNot, Fault
from serve.database.engine import Database, open_database
from serve.http.access import Access
from serve.logs import build_logger
from serve.server import create_app
from serve.usecases.request_histories import Histories
from serve.usecases.served_model import LiveModel, ServedModel

NOW = instant_of(datetime(2024, 3, 20, tzinfo=UTC))

CARD = {
    "since": "2024-03-01T00:00:00+00:00",
    "trained_at": "2024-02-28T00:00:00+00:00",
    "fingerprint": "ab12",
    "definition": {"horizon": 90, "gap": 28, "min_orders": 4, "active_within": 90},
    "base_rate": 0.04,
    "bands": {"raised": 1.5, "high": 3.0, "stopped": 0.5},
    "features": 77,
    "catalog_fingerprint": "cd34",
    "dataset_fingerprint": "ef56",
    "time_zone": "Asia/Shanghai",
}


@dataclass
class FakeModel:
    """Remembers what it was asked; scores an account with an event .25, one without not at all."""

    lag_days: dict[str, float] = field(default_factory=lambda: {"visit": 2.0})
    time_zone: str = "Asia/Shanghai"
    asked: list[tuple[Histories, int, str, int]] = field(default_factory=list)
    fails: Exception | None = None

    def __call__(self, histories: Histories, cutoff: int, language: str, reasons: int) -> list[dict]:
        self.asked.append((histories, cutoff, language, reasons))
        if self.fails:
            raise self.fails
        sizes = histories.log.offsets[1:] - histories.log.offsets[:-1]
        return [_score(name, size > 0, reasons) for name, size in zip(histories.log.accounts, sizes, strict=True)]


def _score(account: str, eligible: bool, reasons: int) -> dict:
    reason = {"code": "longer_silent", "direction": "rising", "contribution": 0.5, "text": "已 40 天没有订货"}
    return {
        "account_id": account,
        "churn_probability": 0.25 if eligible else None,
        "band": "raised" if eligible else None,
        "eligible": eligible,
        "reasons": [reason] * min(reasons, 2) if eligible else [],
        "warnings": [],
    }


@dataclass
class Published:
    """A pointer file whose words the loader below turns into models: "3 A" is version 3 of grade A."""

    pointer: Path
    model: FakeModel

    def publish(self, words: str) -> None:
        fresh = self.pointer.with_suffix(".new")
        fresh.write_text(words)
        fresh.replace(self.pointer)

    def load(self, pointer: Path) -> LiveModel:
        words = pointer.read_text().split()
        if words[0] == "broken":
            raise CouldNot("The bundle is broken.", [Fault("booster.txt", "sha256 differs", "promote again")])
        if words[0] == "strange":
            raise ZeroDivisionError("王小明")
        return LiveModel(words[0], words[1], self.model, CARD)


@pytest.fixture(scope="session")
def company(tmp_path_factory: pytest.TempPathFactory) -> SmallCompany:
    """A small company with two real bundles."""
    return make_small_company(tmp_path_factory.mktemp("company"))


@pytest.fixture
def published(tmp_path: Path) -> Published:
    found = Published(tmp_path / "current.json", FakeModel())
    found.publish("3 A")
    return found


@pytest.fixture
def logged() -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO())


@dataclass(frozen=True)
class Running:
    """A running app: its client, what it follows, what it logs."""

    client: TestClient
    served: ServedModel
    logged: io.TextIOWrapper

    def lines(self) -> str:
        return self.logged.buffer.getvalue().decode()


@pytest.fixture
def body_limit() -> int:
    return 64 * 1024


@pytest.fixture
def app_database(sqlite_template: Path, tmp_path: Path) -> Iterator[Database]:
    """The app's store; modules that test what it does with it ask for `store`, hence for both databases."""
    shutil.copy(sqlite_template, tmp_path / "app.db")
    opened = open_database(f"sqlite:///{tmp_path / 'app.db'}")
    yield opened
    opened.close()


@pytest.fixture
def access() -> Access:
    return OpenAccess()


@pytest.fixture
def clock() -> Callable[[], int]:
    return lambda: NOW


@pytest.fixture
def run_app(
    published: Published,
    logged: io.TextIOWrapper,
    body_limit: int,
    app_database: Database,
    access: Access,
    clock: Callable[[], int],
) -> Iterator[Callable[[], Running]]:
    """Starts the app as the pointer stands when called."""
    started = []

    def run() -> Running:
        log = build_logger(logged)
        served = ServedModel(published.pointer, published.load, log)
        service = service_around(served, app_database, access, clock, body_limit)
        client = TestClient(create_app(service, log), raise_server_exceptions=False)
        client.__enter__()
        started.append(client)
        return Running(client, served, logged)

    yield run
    for client in started:
        client.__exit__(None, None, None)


@pytest.fixture
def running(run_app: Callable[[], Running]) -> Running:
    return run_app()


@pytest.fixture
def client(running: Running) -> TestClient:
    return running.client


@pytest.fixture
def break_parquet(monkeypatch) -> Callable[[], None]:
    """A function after whose call no Parquet file can be written."""

    def fail(*args: object, **kwargs: object) -> None:
        raise AssertionError("a Parquet file was written")

    return lambda: monkeypatch.setattr(pq.ParquetWriter, "__init__", fail)
