"""Splits by time: the cutoffs that fit, stop early, calibrate and test; the origins of a back-test."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import Instants
from kqml.errors import BadUse, Fault, Refused

INNER_SHARE = 0.15
"""Share of the training cutoffs that early stopping and calibration take each (design §4)."""

FEWEST_INNER = 2
FEWEST_FIT = 6

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Slices:
    """The use of each cutoff, as masks over `cutoffs` (ascending); each slice is mature before the next begins.

    `training`: every cutoff whose labels are mature at the first test cutoff; the refit uses all of them. `fit`,
    `early_stop`, `calibrate` lie inside it. Where the timeline is `short`, `fit` equals `training`, the other two are
    empty, and folds grouped by account inside the training cutoffs serve for both.
    """

    cutoffs: Instants
    training: Mask
    fit: Mask
    early_stop: Mask
    calibrate: Mask
    test: Mask
    short: bool

    def rows_in(self, mask: Mask, row_cutoffs: Instants) -> Mask:
        """Return which rows have a cutoff of the slice `mask`."""
        return np.isin(row_cutoffs, self.cutoffs[mask])


def split_cutoffs(cutoffs: Instants, matures_at: Instants, test_share: float) -> Slices:
    """Return the slices of ascending `cutoffs` whose labels mature at `matures_at` (same length).

    The test block is the last `test_share` of the cutoffs, rounded half up, at least one. A cutoff may serve an
    earlier slice when its labels are mature at or before the first cutoff of the next. Raises BadUse on a share
    outside (0, 1), Refused when no cutoff is left to train on.
    """
    _check_share(test_share)
    test = np.arange(len(cutoffs)) >= len(cutoffs) - _count(len(cutoffs), test_share, 1)
    training = _mature_before(cutoffs, matures_at, test)
    if not training.any():
        raise Refused("There are no cutoffs to train on.", [_too_short(cutoffs)])
    return _inner(cutoffs, matures_at, training, test)


def inner_slices(cutoffs: Instants, matures_at: Instants, training: Mask) -> Slices:
    """Return the same inside given training cutoffs, with an empty test block: for a refit's or a tuning's own
    slices."""
    return _inner(cutoffs, matures_at, training, np.zeros(len(cutoffs), dtype=np.bool_))


def _inner(cutoffs: Instants, matures_at: Instants, training: Mask, test: Mask) -> Slices:
    count = _count(int(training.sum()), INNER_SHARE, FEWEST_INNER)
    calibrate = _last(training, count)
    # From the end backwards: calibration is nearest to the test block and to the future that it stands for.
    before = training & _mature_before(cutoffs, matures_at, calibrate)
    early_stop = _last(before, count)
    fit = before & _mature_before(cutoffs, matures_at, early_stop)
    if early_stop.sum() < count or fit.sum() < FEWEST_FIT:
        empty = np.zeros(len(cutoffs), dtype=np.bool_)
        return Slices(cutoffs, training, training, empty, empty, test, short=True)
    return Slices(cutoffs, training, fit, early_stop, calibrate, test, short=False)


def _mature_before(cutoffs: Instants, matures_at: Instants, following: Mask) -> Mask:
    """Return the cutoffs before the slice `following` whose labels are mature when it begins."""
    if not following.any():
        return np.zeros(len(cutoffs), dtype=np.bool_)
    begins = cutoffs[following][0]
    # A label that matures after the next slice begins would have been unknown when that slice was predicted.
    return np.asarray((matures_at <= begins) & (cutoffs < begins), dtype=np.bool_)


def _last(mask: Mask, count: int) -> Mask:
    """Return a mask of the last `count` true elements of `mask`."""
    retained = np.zeros(len(mask), dtype=np.bool_)
    retained[np.flatnonzero(mask)[-count:]] = True
    return retained


def _count(total: int, share: float, fewest: int) -> int:
    # Half up: Python's `round` takes halves to even, and the number of cutoffs would not grow evenly.
    return max(fewest, math.floor(total * share + 0.5))


def _check_share(test_share: float) -> None:
    if not 0 < test_share < 1:
        fault = Fault("--test-share", f"{test_share} is not between 0 and 1", "give a share such as 0.25")
        raise BadUse("The test block cannot be split off.", [fault])


def _too_short(cutoffs: Instants) -> Fault:
    return Fault(
        "timeline",
        f"none of the {len(cutoffs)} cutoffs has mature labels before the first test cutoff",
        "provide a longer history, shorten --horizon or --gap, or lower --test-share",
    )


@dataclass(frozen=True)
class Origin:
    """`slices` of the cutoffs mature at the first of the cutoffs `ahead`."""

    slices: Slices
    ahead: Mask


def single_origin(cutoffs: Instants, matures_at: Instants, test_share: float) -> list[Origin]:
    """One fit before the whole test block."""
    slices = split_cutoffs(cutoffs, matures_at, test_share)
    return [Origin(slices, slices.test)]


def rolling_origins(cutoffs: Instants, matures_at: Instants, test_share: float, cutoffs_per_fit: int) -> list[Origin]:
    """Return a new fit before every `each` test cutoffs, on all that is mature then."""
    test = np.flatnonzero(split_cutoffs(cutoffs, matures_at, test_share).test)
    results = []
    for first in range(0, len(test), cutoffs_per_fit):
        ahead = np.zeros(len(cutoffs), dtype=np.bool_)
        ahead[test[first : first + cutoffs_per_fit]] = True
        training = np.asarray((matures_at <= cutoffs[ahead][0]) & ~ahead, dtype=np.bool_)
        results.append(Origin(inner_slices(cutoffs, matures_at, training), ahead))
    return results
