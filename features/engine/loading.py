"""Loading of the compiled kernels."""

from functools import cache
from types import ModuleType

from features.engine.cache import use_kernel_cache


@cache
def kernels() -> ModuleType:
    """Return `features.engine.kernel`; its machine code is kept in the folder named by its sources."""
    folder = use_kernel_cache()
    from numba.core import config

    # Numba reads NUMBA_CACHE_DIR when it is first imported; another library may have done that already.
    vars(config)["CACHE_DIR"] = str(folder)
    from features.engine import kernel

    return kernel
