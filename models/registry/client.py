"""The MLflow client: imported lazily, with an explicit address, its errors as those of kqml."""

import os
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kqml.errors import CouldNot, Fault

if TYPE_CHECKING:
    from mlflow import MlflowClient

MODEL = "kqml"
"""The name of the registered model and of its experiment."""

KNOWN_NOISE = (
    ".*Any type hint is inferred as AnyType",  # MLflow warns about its own type hints when it is imported
    ".*An input example was not provided",  # ours would be customers' data; the signature is explicit instead
)


SQLITE = "sqlite:///"

TIME_LIMITS = {
    "MLFLOW_HTTP_REQUEST_TIMEOUT": "4",
    "MLFLOW_HTTP_REQUEST_MAX_RETRIES": "1",
    "MLFLOW_HTTP_RESPECT_RETRY_AFTER_HEADER": "false",
}
"""For a server that does not answer: two tries of four seconds. MLflow's own are eight of two minutes."""

UPLOAD_SECONDS = "120"
"""For the answer to an uploaded file, which a server may first have to pass on to its own storage."""


@dataclass(frozen=True)
class RegistryClient:
    """Where versions live: MLflow's address and the folder of artifacts (used when the address is a database)."""

    uri: str
    artifacts: Path

    @property
    def is_server(self) -> bool:
        """True for an MLflow server, which keeps artifacts itself."""
        return self.uri.startswith(("http://", "https://"))

    @property
    def file(self) -> Path | None:
        """The file of a database on SQLite, else None."""
        return Path(self.uri.removeprefix(SQLITE)) if self.uri.startswith(SQLITE) else None

    @property
    def is_at_home(self) -> bool:
        """True for a database file beside the folder of artifacts: the two move together."""
        return self.file is not None and self.file.absolute().parent == self.artifacts.absolute().parent

    @property
    def shown(self) -> str:
        """The address without its password."""
        return re.sub(r"(//[^:/@]*):[^@/]*@", r"\1:***@", self.uri)


@contextmanager
def quiet_mlflow() -> Iterator[None]:
    """MLflow without telemetry, progress bars, printed links, or the warnings of KNOWN_NOISE while the block runs."""
    os.environ["MLFLOW_DISABLE_TELEMETRY"] = "true"
    os.environ["MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR"] = "false"
    os.environ["MLFLOW_SUPPRESS_PRINTING_URL_TO_STDOUT"] = "true"
    os.environ["MLFLOW_LOGGING_LEVEL"] = "WARNING"
    for name, value in TIME_LIMITS.items():
        os.environ.setdefault(name, value)
    with warnings.catch_warnings():
        for message in KNOWN_NOISE:
            warnings.filterwarnings("ignore", message=message, category=UserWarning)
        yield


@contextmanager
def wait_for_uploads() -> Iterator[None]:
    """Longer time limits while the block runs; it begins once the server has answered something."""
    name = "MLFLOW_HTTP_REQUEST_TIMEOUT"
    before = os.environ.get(name)
    if before == TIME_LIMITS[name]:
        os.environ[name] = UPLOAD_SECONDS
    try:
        yield
    finally:
        if before is not None:
            os.environ[name] = before


@contextmanager
def connect_registry(registry: RegistryClient) -> "Iterator[MlflowClient]":
    """A client of the registry. Raises CouldNot where MLflow, its database or its artifacts fail in the block."""
    _make_folder_of(registry)
    with quiet_mlflow():
        from mlflow import MlflowClient
        from mlflow.exceptions import MlflowException
        from sqlalchemy.exc import SQLAlchemyError

        try:
            yield MlflowClient(tracking_uri=registry.uri, registry_uri=registry.uri)
        except (MlflowException, SQLAlchemyError, ImportError, OSError) as error:
            raise CouldNot(
                "The model registry request failed.",
                [Fault(registry.shown, _first_line(error), "check KQML_MLFLOW_URI, the database and its disk")],
            ) from error


def _make_folder_of(registry: RegistryClient) -> None:
    if registry.file is not None:
        try:
            registry.file.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CouldNot(f"The folder of {registry.shown} cannot be made: {error}.") from error


def _first_line(error: Exception) -> str:
    return str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
