"""The band of a churn probability: stopped, high, raised, low."""

import numpy as np
from numpy.typing import NDArray

from kqml.bands import BANDS, Band
from kqml.settings import BandSettings


def assign_bands(
    probability: NDArray[np.float64], already_silent: NDArray[np.bool_], base_rate: float, settings: BandSettings
) -> list[Band]:
    """Return each row's band: `stopped` where already silent at a probability of `settings.stopped` or more, else by
    multiples of the training churn rate."""
    indices = np.select(
        [
            already_silent & (probability >= settings.stopped),
            probability >= settings.high * base_rate,
            probability >= settings.raised * base_rate,
        ],
        [0, 1, 2],
        default=3,
    )
    return [BANDS[index] for index in indices.tolist()]
