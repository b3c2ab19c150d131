"""The decorators with which every function of the engine is compiled."""

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit
from numba.core import config

from features.engine.cache import is_current

Function = TypeVar("Function", bound=Callable[..., object])

CACHED = is_current(str(vars(config)["CACHE_DIR"]))
"""Machine code is kept only in a folder named by its sources: elsewhere Numba would keep it past an edit."""


_njit: Any = njit

OPTIONS = {"nogil": True, "error_model": "numpy", "_nrt": False, "no_cfunc_wrapper": True}
"""Machine code that releases the GIL; a division by 0 gives inf or NaN, as in NumPy; nothing is allocated, so that
arrays need no reference counts (atomic, they cost several times the work itself); no wrapper for C."""


def compiled(function: Function) -> Function:
    """`function` as machine code that Python calls."""
    return cast(Function, _njit(cache=CACHED, **OPTIONS)(function))


def inlined(function: Function) -> Function:
    """`function` compiled into its callers: handing over a few arrays costs more than most of the work done here."""
    return cast(Function, _njit(forceinline=True, no_cpython_wrapper=True, **OPTIONS)(function))


def called(function: Function) -> Function:
    """`function` compiled once, called by the others: for large ones that take few arrays."""
    return cast(Function, _njit(no_cpython_wrapper=True, **OPTIONS)(function))


@inlined
def unsigned(number: int) -> int:
    """Return a number that is never negative as an unsigned index.

    Numba then emits no check for indices that count from the end, which would keep loops from being vectorised. Add
    only numbers of this type to it (ONE).
    """
    return np.uint64(number)  # type: ignore[return-value]


ONE: int = np.uint64(1)  # type: ignore[assignment]

ZERO: int = np.int64(0)  # type: ignore[assignment]
"""0 of the type that variables have: handed over as a literal it would have the callee compiled once more."""
