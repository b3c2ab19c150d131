"""Machine code never outlives the sources that it was made from."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import features
from features.engine.cache import hash_of_sources, kernel_cache, use_kernel_cache

FEATURES = Path(features.__file__).parent
CALLEE = """
from features.engine.jit import inlined
@inlined
def callee(x):
    return x + {added}
"""
CALLER = """
from features.engine.jit import compiled
from features.engine.callee import callee
@compiled
def caller(x):
    return callee(x)
"""
ASK = """
from features.engine.cache import use_kernel_cache
use_kernel_cache()
from features.engine.caller import caller
caller(1)
print(caller(1), len(caller.stats.cache_hits), len(caller.stats.cache_misses))
"""


@pytest.fixture
def engine(tmp_path: Path) -> Path:
    """A copy of how the engine compiles, with one function that calls another of a second file."""
    copy = tmp_path / "features" / "engine"
    copy.mkdir(parents=True)
    for name in ("aggregations.py", "definitions.py", "lowering.py", "rule_lowering.py"):
        shutil.copy(FEATURES / name, copy.parent / name)
    for name in ("jit.py", "cache.py"):
        shutil.copy(FEATURES / "engine" / name, copy / name)
    for folder in (copy, copy.parent):
        (folder / "__init__.py").touch()
    (copy / "caller.py").write_text(CALLER)
    return copy


def answer(engine: Path, added: int) -> list[int]:
    (engine / "callee.py").write_text(CALLEE.format(added=added))
    folder = engine.parents[1]
    environment = {**os.environ, "PYTHONPATH": str(folder), "KQML_KERNELS": str(folder / "kernels")}
    done = subprocess.run(
        [sys.executable, "-c", ASK], env=environment, capture_output=True, text=True, check=True, cwd=folder
    )
    return [int(word) for word in done.stdout.split()]


def test_an_edit_in_a_callee_is_seen_by_the_caller_which_is_otherwise_read_from_disk(engine):
    assert answer(engine, added=1) == [2, 0, 1]
    assert answer(engine, added=1) == [2, 1, 0]
    assert answer(engine, added=5) == [6, 0, 1]
    assert len(list((engine.parents[1] / "kernels").iterdir())) == 2


def test_the_folder_is_named_by_the_sources_and_given_to_numba(monkeypatch):
    monkeypatch.setenv("NUMBA_CACHE_DIR", "elsewhere")
    assert use_kernel_cache() == kernel_cache()
    assert os.environ["NUMBA_CACHE_DIR"] == str(kernel_cache())
    assert kernel_cache().name == hash_of_sources()
