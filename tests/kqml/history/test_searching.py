"""Searching stretches of times."""

import numpy as np
import pytest

from kqml.history.searching import first_at_or_after


@pytest.mark.parametrize(
    ("low", "high", "instant", "expected"),
    [
        (0, 4, 0, 0),
        (0, 4, 10, 0),
        (0, 4, 11, 1),
        (0, 4, 20, 1),
        (0, 4, 21, 3),
        (0, 4, 31, 4),
        (4, 6, 31, 6),
        (4, 6, 0, 4),
        (2, 2, 5, 2),
        (6, 6, 5, 6),
    ],
)
def test_the_first_at_or_after_an_instant_lies_in_its_own_stretch(low, high, instant, expected):
    times = np.array([10, 20, 20, 30, 5, 6])
    found = first_at_or_after(times, np.array([low]), np.array([high]), np.array([instant]))
    assert found.tolist() == [expected]


def test_no_times_at_all_leave_every_row_at_its_end():
    nothing = np.array([], dtype=np.int64)
    assert first_at_or_after(nothing, np.array([0]), np.array([0]), np.array([7])).tolist() == [0]
    assert first_at_or_after(nothing, nothing, nothing, nothing).tolist() == []
