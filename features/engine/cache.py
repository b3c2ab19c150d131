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
from types import ModuleType

_FEATURES = Path(__file__).parents[1]
_TABLES = ("aggregations.py", "definitions.py", "lowering.py", "rule_lowering.py")


def use_kernel_cache() -> Path:
    """Point Numba to the folder of the present sources; create it where possible. Call before Numba is imported."""
    folder = kernel_cache()
    with suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(folder)
    return folder


def is_current(folder: str) -> bool:
    """Return whether `folder` is the one of the present sources and can be written to."""
    return bool(folder) and Path(folder) == kernel_cache() and os.access(folder, os.W_OK)


@cache
def kernel_cache() -> Path:
    """Return the folder: below KQML_KERNELS, else in the Python environment, else (read-only) in the user's cache."""
    return _root() / hash_of_sources()


def _root() -> Path:
    if os.environ.get("KQML_KERNELS"):
        return Path(os.environ["KQML_KERNELS"]).absolute()
    if os.access(sys.prefix, os.W_OK):
        return Path(sys.prefix) / "var" / "kqml-kernels"
    return Path.home() / ".cache" / "kqml-kernels"


def hash_of_sources() -> str:
    """Return a digest of every source that can change the machine code: the engine, the tables it walks through."""
    digest = hashlib.sha256(sys.version.encode())
    # Tables are inlined as constants (positions of enum members), so their sources count as well.
    for path in sorted([*(_FEATURES / "engine").glob("*.py"), *(_FEATURES / name for name in _TABLES)]):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def kernels() -> ModuleType:
    """Return `features.engine.kernel`; its machine code is kept in the folder named by its sources."""
    folder = use_kernel_cache()
    from numba.core import config

    # Numba reads NUMBA_CACHE_DIR when it is first imported; another library may have done that already.
    vars(config)["CACHE_DIR"] = str(folder)
    from features.engine import kernel

    return kernel
