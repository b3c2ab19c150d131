"""Weighted ridge regression from sums over rows, so that leaving a fold out costs no second pass."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from models.uplift.sample import Floats


@dataclass(frozen=True)
class Moments:
    """Weighted sums of rows for a ridge regression."""

    rows: float
    sums: Floats
    squares: Floats
    total: float
    products: Floats


def moments_of(columns: Floats, target: Floats, weight: Floats) -> Moments:
    weighed = columns * weight[:, None]
    return Moments(
        float(weight.sum()),
        weighed.sum(axis=0),
        columns.T @ weighed,
        float(weight @ target),
        weighed.T @ target,
    )


def summed(parts: Sequence[Moments]) -> Moments:
    return Moments(*(sum(vars(moments)[name] for moments in parts) for name in vars(parts[0])))


def without(whole: Moments, fold: Moments) -> Moments:
    return Moments(*(vars(whole)[name] - vars(fold)[name] for name in vars(whole)))


def ridge(moments: Moments, penalty: float) -> tuple[Floats, float]:
    """Return the coefficients and the intercept, which is not penalised. `penalty` is per row."""
    middle, mean = moments.sums / moments.rows, moments.total / moments.rows
    centred = moments.squares - moments.rows * np.outer(middle, middle)
    right = moments.products - moments.rows * middle * mean
    coefficients = np.linalg.solve(centred + penalty * moments.rows * np.eye(len(middle)), right)
    return np.asarray(coefficients), float(mean - middle @ coefficients)
