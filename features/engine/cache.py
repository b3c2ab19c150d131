"""The folder of the engine's machine code, named by the hash of the sources that it was made from.

Numba checks a cached function against its own file only: after an edit in another file of ours a caller would keep
the old machine code, with wrong numbers. A folder per state of all sources cannot be stale.
"""

import hashlib
import os
import sys
from contextlib import suppress
from functools import cache
from pathlib import Path

_FEATURES = Path(__file__).parents[1]
_TABLES = ("aggregations.py", "definitions.py", "lowering.py", "rule_lowering.py")


def use_kernel_cache() -> Path:
    """Points Numba to the folder of the present sources, made if it can be; for a Numba not yet imported."""
    folder = kernel_cache()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def is_current(folder: str) -> bool:
    """Whether `folder` is the one of the present sources; where it cannot be written to, nothing is kept at all."""
    return bool(folder) and Path(folder) == kernel_cache() and os.access(folder, os.W_OK)


@cache
def kernel_cache() -> Path:
    """The folder: below KQML_KERNELS, else in the environment that runs us, else, where that is read-only, in the
    user's cache."""
    return _root() / hash_of_sources()


def _root() -> Path:
    if os.environ.get("KQML_KERNELS"):
        return Path(os.environ["KQML_KERNELS"]).absolute()
    if os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "var" / "kqml-kernels"
    return Path.home() / ".cache" / "kqml-kernels"


def hash_of_sources() -> str:
    """A digest of every source that can change the machine code: the engine, the tables it walks through."""
    digest = hashlib.sha256(sys.version.encode())
    # Tables are inlined as constants (positions of enum members), so their sources count as well.
    for path in sorted([*(_FEATURES / "engine").glob("*.py"), *(_FEATURES / name for name in _TABLES)]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
