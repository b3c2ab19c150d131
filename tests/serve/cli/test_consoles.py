"""Consoles, pipes and missing homes: what a command prints, and where, never decides its exit code."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

KQML = (sys.executable, "-m", "kqml")
ROOT = Path(__file__).parents[3]


def run(*words: str, **environment: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(
        words, capture_output=True, env={**os.environ, "PYTHONPATH": str(ROOT), **environment}, timeout=300, check=False
    )


@pytest.mark.parametrize("encoding", ["gbk", "ascii", "cp1252"])
def test_every_console_shows_every_text(encoding: str) -> None:
    done = run(*KQML, "playbook", "show", PYTHONIOENCODING=encoding, KQML_LANGUAGE="zh")
    assert done.returncode == 0, done.stderr
    assert ("客情" if encoding == "gbk" else "\\u") in done.stdout.decode(encoding)


@pytest.mark.parametrize("encoding", ["gbk", "ascii"])
def test_json_is_the_same_object_in_every_encoding(encoding: str) -> None:
    words = (*KQML, "catalog", "--json", "--language", "zh")
    done, expected = run(*words, PYTHONIOENCODING=encoding), run(*words, PYTHONIOENCODING="utf-8")
    assert done.returncode == expected.returncode == 0, done.stderr
    assert json.loads(done.stdout.decode(encoding)) == json.loads(expected.stdout.decode("utf-8"))


def test_an_error_keeps_its_exit_code_on_an_ascii_console(tmp_path: Path) -> None:
    done = run(*KQML, "check", str(tmp_path / "没有"), PYTHONIOENCODING="ascii", KQML_LANGUAGE="zh")
    assert (done.returncode, b"Traceback" in done.stderr) == (2, False)
    assert rb"\u6ca1\u6709" in done.stderr


@pytest.mark.parametrize("flags", ["", "--json"])
def test_a_reader_that_leaves_changes_no_exit_code(flags: str) -> None:
    script = f"set -o pipefail; {' '.join(KQML)} catalog {flags} | true"
    done = run("bash", "-c", script)
    assert (done.returncode, done.stderr) == (0, b"")


def test_a_closed_output_changes_no_exit_code() -> None:
    done = run("bash", "-c", f"{' '.join(KQML)} catalog >&-")
    assert (done.returncode, done.stderr) == (0, b"")


WITHOUT_HOME = """
import os, pathlib, sys
def home(cls): raise RuntimeError("Could not determine home directory.")
if "HOME" not in os.environ: pathlib.Path.home = classmethod(home)
from kqml.native import name_missing_home
name_missing_home()
assert os.environ["HOME"] == os.devnull, os.environ["HOME"]
sys.prefix = "/proc"
from features.engine.cache import kernels
kernels()
from features.engine.jit import CACHED
assert not CACHED
"""


def test_a_user_without_home_computes_without_cache() -> None:
    environment = {key: value for key, value in os.environ.items() if key not in ("HOME", "KQML_KERNELS")}
    environment["PYTHONPATH"] = str(ROOT)
    command = [sys.executable, "-c", WITHOUT_HOME]
    done = subprocess.run(command, capture_output=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr.decode()
