"""Uniform numbers with an address, so that a decision's dice can be thrown again from its receipt."""

import hashlib
from collections.abc import Iterable

import numpy as np

from models.policy.allocation.problem import Floats


def uniform_draws(salt: str, purpose: str, ids: Iterable[str]) -> Floats:
    """One number in (0, 1) for each id: the first 53 bits of BLAKE2b of salt, purpose, id."""
    state = hashlib.blake2b(f"{salt}\x1f{purpose}\x1f".encode(), digest_size=8)
    bits = np.fromiter((_bits(state, one) for one in ids), dtype=np.uint64)
    return np.asarray(((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53, dtype=np.float64)


def _bits(state: "hashlib.blake2b", one: str) -> int:
    own = state.copy()
    own.update(str(one).encode())
    return int.from_bytes(own.digest(), "little")
