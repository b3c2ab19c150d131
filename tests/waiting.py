"""Waiting for what happens beside a test, as long as a busy machine may take."""

import time
from collections.abc import Callable

import pytest

SECONDS = 60.0


def wait_until(happened: Callable[[], object], what: str = "it") -> None:
    """Return once `happened` is true; fails the test where it is not within a minute."""
    deadline = time.monotonic() + SECONDS
    while not happened():
        if time.monotonic() > deadline:
            pytest.fail(f"{what} did not happen within {SECONDS:g} seconds")
        time.sleep(0.02)
