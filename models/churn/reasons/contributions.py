"""Contributions of features summed by code, with the share of each sum that behaves as expected."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.definitions import Code, Direction, Feature

CODES: tuple[Code, ...] = tuple(Code)
_PLACE = {code: index for index, code in enumerate(CODES)}
_SIGN = {Direction.RISING: 1.0, Direction.FALLING: -1.0, Direction.EITHER: 0.0}

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class CodeMap:
    """How F model columns belong to C codes. `order`: the columns by code; `starts`: where in it each code of `present`
    (indices into CODES) begins. `expected` (F): +1, -1 or 0. `typical` (F): a usual value, the median of the training
    rows; NaN where never measured."""

    order: NDArray[np.intp]
    starts: NDArray[np.intp]
    present: NDArray[np.intp]
    expected: Floats
    typical: Floats


@dataclass(frozen=True)
class CodeSums:
    """Per row and code, in log-odds. `totals`: the sum of all its features, so that a row's totals and its bias add
    up to the score. `supported`: the part from features that lie on the side of their typical value where, by their
    expected direction, they should push as they do."""

    totals: Floats
    supported: Floats


def code_map(features: Sequence[Feature], profile_columns: int, typical: Floats) -> CodeMap:
    """Return the map of a model's columns: its features, then `profile_columns` categories of the account's profile."""
    codes = [feature.code for feature in features] + [Code.PROFILE] * profile_columns
    signs = [_SIGN[feature.direction] for feature in features] + [0.0] * profile_columns
    indices = np.array([_PLACE[code] for code in codes], dtype=np.intp)
    present, starts = np.unique(np.sort(indices), return_index=True)
    order = np.argsort(indices, kind="stable")
    return CodeMap(order, starts, present, np.array(signs), np.asarray(typical, dtype=np.float64))


def code_sums(mapped: CodeMap, values: Floats, contributions: Floats) -> CodeSums:
    """Return the sums of (R, F) contributions by code; a last column, the bias, belongs to no code."""
    own = contributions[:, : len(mapped.expected)]
    towards = mapped.expected * (values - mapped.typical)
    side = np.where(np.isnan(towards) | (mapped.expected == 0), 0.0, np.where(towards > 0, 1.0, -1.0))
    supported = np.where(side * own > 0, own, 0.0)
    return CodeSums(_by_code(mapped, own), _by_code(mapped, supported))


def _by_code(mapped: CodeMap, shares: Floats) -> Floats:
    """Summed column after column, so that a row's bits do not depend on the rows beside it, as in a matrix product."""
    sums = np.zeros((len(shares), len(CODES)))
    if len(mapped.starts):
        sums[:, mapped.present] = np.add.reduceat(shares[:, mapped.order], mapped.starts, axis=1)
    return sums
