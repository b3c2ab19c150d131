"""Addressed random numbers: a hash of seed, purpose, account, week and index.

The hash is the finaliser of splitmix64 (Steele, Lea & Flood 2014) over sums of hashed addresses.
"""

import hashlib
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]
Keys = NDArray[np.uint64]

MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


def mix(values: Keys) -> Keys:
    """Return splitmix64's finaliser of each number."""
    mixed = (values ^ (values >> np.uint64(30))) * np.uint64(_FIRST)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(_SECOND)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)), dtype=np.uint64)


def mix_one(value: int) -> int:
    """Return splitmix64's finaliser of one Python integer."""
    mixed = ((value ^ (value >> 30)) * _FIRST) & MASK
    mixed = ((mixed ^ (mixed >> 27)) * _SECOND) & MASK
    return mixed ^ (mixed >> 31)


@cache
def named(purpose: str) -> int:
    """Return a 64-bit number for a purpose's name, the same on every machine."""
    return int.from_bytes(hashlib.sha256(purpose.encode()).digest()[:8], "little")


@dataclass(frozen=True)
class Draws:
    """Random numbers of n things (accounts, seats, regions), each with its own key.

    `mirrored`: where true the number is 1 − u, so that a pair of paths with one key is antithetic.
    """

    keys: Keys
    mirrored: Flags | None = None

    @classmethod
    def of(cls, seed: int, what: str, numbers: Indices) -> "Draws":
        """Return keys of the things with these numbers, e.g. what = "account"."""
        start = mix_one((seed * _GOLDEN + named(what)) & MASK)
        return cls(mix(np.asarray(numbers, dtype=np.uint64) * np.uint64(_GOLDEN) + np.uint64(start)))

    def __len__(self) -> int:
        return len(self.keys)

    def take(self, index: Any) -> "Draws":
        """Return the draws of some of the things."""
        return Draws(self.keys[index], None if self.mirrored is None else self.mirrored[index])

    def on_path(self, path: Indices) -> "Draws":
        """Return draws of another future: keys hashed with a path number; even and odd paths are antithetic."""
        pair = np.asarray(path, dtype=np.uint64) >> np.uint64(1)
        forked = mix(self.keys + mix(pair + np.uint64(named("path"))))
        return replace(self, keys=forked, mirrored=(np.asarray(path) & 1).astype(bool))

    def uniform(self, purpose: str, week: int = 0, index: int | Indices = 0) -> Floats:
        """Return a number in (0, 1) for each thing; `index` distinguishes draws of one purpose and week."""
        address = mix_one((named(purpose) + week * _GOLDEN) & MASK)
        keys = self.keys + np.uint64(address)
        if not isinstance(index, int) or index:
            keys = mix(keys) + np.asarray(index, dtype=np.uint64) * np.uint64(_GOLDEN)
        result = ((mix(keys) >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53
        return result if self.mirrored is None else np.where(self.mirrored, 1.0 - result, result)

    def normal(self, purpose: str, week: int = 0, index: int | Indices = 0) -> Floats:
        """Return a standard normal number for each thing."""
        return np.asarray(ndtri(self.uniform(purpose, week, index)), dtype=np.float64)

    def happens(self, probability: Floats | float, purpose: str, week: int = 0, index: int = 0) -> Flags:
        """Return True with the given probability; monotone in the probability."""
        return self.uniform(purpose, week, index) < probability

    def lognormal(self, middle: float, spread: float, purpose: str) -> Floats:
        """Return lognormal numbers around a median, fixed for each thing."""
        return middle * np.exp(spread * self.normal(purpose))
