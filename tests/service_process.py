"""`kqml serve` as a process that a test starts, waits for and ends."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest


def log_lines(home: Path) -> list[dict[str, Any]]:
    """What the service on this home has logged."""
    return [json.loads(line) for line in (home / "log").read_text().splitlines()]


def start_service(home: Path, *words: str, **environment: str) -> tuple[subprocess.Popen, str]:
    """The process with its address, once it says where it listens; it logs to a file at home."""
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "kqml", "serve", "--port", "0", *words],
            env={**os.environ, "KQML_HOME": str(home), **environment},
            cwd=home,
            stderr=log,
        )
    for _ in range(600):
        urls = [line["url"] for line in log_lines(home) if line["event"] == "listening"]
        if urls:
            return process, urls[0]
        time.sleep(0.1)
    process.kill()
    pytest.fail("it does not listen")


def wait_for(url: str, wanted: Callable[[httpx.Response], bool], seconds: int = 60) -> httpx.Response:
    """The first response to GET that is as wanted."""
    for _ in range(seconds * 10):
        try:
            answer = httpx.get(url)
            if wanted(answer):
                return answer
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    pytest.fail(f"{url} did not become what was waited for")
