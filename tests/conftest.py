"""What every test may ask for: the public data sets, the things this machine must have."""

import os
from pathlib import Path

import pytest

from kqml.native import wait_without_spinning

wait_without_spinning()

REQUIRED = frozenset(filter(None, os.environ.get("KQML_REQUIRE", "").split(",")))
"""What may not be skipped here: postgres, data, clients."""


def require(name: str, present: bool, where: str) -> None:
    """Skips the test where `name` is absent, or fails it where this machine has to have it."""
    if present:
        return
    if name in REQUIRED:
        pytest.fail(f"{name} is required here (KQML_REQUIRE) but absent: {where}")
    pytest.skip(f"{name} is absent: {where}")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of public data sets."""
    folder = Path(os.environ.get("KQML_DATA_DIR", "../shared/data")).absolute()
    require("data", folder.is_dir(), f"set KQML_DATA_DIR to the folder of public data sets (looked in {folder})")
    return folder
