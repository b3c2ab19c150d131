"""The one way to the compiled code."""

from functools import cache
from types import ModuleType

from features.engine.cache import use_kernel_cache


@cache
def kernels() -> ModuleType:
    """`features.engine.kernel`, its machine code kept in the folder of its sources whoever imported Numba first."""
    folder = use_kernel_cache()
    from numba.core import config

    # Numba reads NUMBA_CACHE_DIR when it is first imported; another library may have done that already.
    vars(config)["CACHE_DIR"] = str(folder)
    from features.engine import kernel

    return kernel
