"""Splits by time, as tables of who serves for what."""

import numpy as np
import pytest

from kqml.calendar.business_time import DAY_US
from kqml.errors import BadUse, Refused
from models.churn.splits import inner_slices, split_cutoffs

NAMES = ("fit", "early_stop", "calibrate", "test")


def split(days, window, share):
    cutoffs = np.array(days, dtype=np.int64) * DAY_US
    return split_cutoffs(cutoffs, cutoffs + window * DAY_US, share)


def picture(slices):
    """One letter per cutoff: f, e, c, t, or a dot for an embargoed one."""
    letters = np.full(len(slices.cutoffs), ".")
    for name in NAMES:
        letters[getattr(slices, name)] = name[0]
    return "".join(letters)


@pytest.mark.parametrize(
    ("cutoffs", "every", "window", "share", "expected"),
    [
        (24, 30, 30, 0.25, "f" * 12 + "e" * 3 + "c" * 3 + "t" * 6),
        (24, 30, 60, 0.25, "f" * 9 + "." + "eee" + "." + "ccc" + "." + "t" * 6),
        (24, 30, 61, 0.25, "f" * 8 + ".." + "ee" + ".." + "cc" + ".." + "t" * 6),
        (20, 30, 90, 0.20, "f" * 6 + ".." + "ee" + ".." + "cc" + ".." + "t" * 4),
        (19, 30, 90, 0.21, "f" * 13 + ".." + "t" * 4),
        (16, 14, 60, 0.25, "f" * 8 + "...." + "t" * 4),
        (3, 30, 30, 0.01, "fft"),
    ],
)
def test_each_slice_is_mature_before_the_next_begins(cutoffs, every, window, share, expected):
    slices = split(np.arange(cutoffs) * every, window, share)
    assert picture(slices) == expected
    assert slices.short == ("e" not in expected)


def test_the_iowa_protocol_has_116_cutoffs_of_which_29_test_and_85_train():
    slices = split(np.arange(400, 3867, 30), 90, 0.25)
    counts = {name: int(getattr(slices, name).sum()) for name in (*NAMES, "training")}
    assert counts == {"fit": 55, "early_stop": 13, "calibrate": 13, "test": 29, "training": 85}


def test_a_label_maturing_exactly_at_the_next_slice_may_serve():
    assert split([0, 10, 20], 20, 0.34).training.tolist() == [True, False, False]
    assert split([0, 10, 20], 10, 0.34).training.tolist() == [True, True, False]


def test_a_short_timeline_fits_on_all_training_cutoffs():
    slices = split(np.arange(10) * 30, 90, 0.2)
    assert slices.short
    assert slices.fit.tolist() == slices.training.tolist() == [True] * 6 + [False] * 4
    assert not slices.early_stop.any() and not slices.calibrate.any()


def test_rows_follow_their_cutoffs():
    slices = split([0, 10, 20], 10, 0.34)
    rows = np.array([20, 0, 10, 20]) * DAY_US
    assert slices.rows_in(slices.test, rows).tolist() == [True, False, False, True]


def test_inner_slices_of_given_training_cutoffs_have_no_test_block():
    cutoffs = np.arange(24, dtype=np.int64) * 30 * DAY_US
    slices = inner_slices(cutoffs, cutoffs + 30 * DAY_US, np.arange(24) < 20)
    assert picture(slices) == "f" * 14 + "eee" + "ccc" + "...."


@pytest.mark.parametrize("share", [0.0, 1.0, -0.1, float("nan")])
def test_a_share_outside_zero_and_one_is_bad_use(share):
    with pytest.raises(BadUse, match="--test-share"):
        split([0, 10, 20], 10, share)


def test_nothing_to_train_on_is_refused_with_what_to_do():
    with pytest.raises(Refused, match="shorten --horizon"):
        split([0, 30, 60], 90, 0.34)
