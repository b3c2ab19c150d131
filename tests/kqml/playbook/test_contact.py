"""When nobody is contacted."""

from datetime import time

import pytest

from kqml.playbook.contact import QuietHours


@pytest.mark.parametrize(
    ("start", "end", "quiet"),
    [
        (time(20), time(8, 30), [time(0), time(8, 29), time(20), time(23)]),
        (time(12), time(14), [time(12), time(13, 59)]),
    ],
)
def test_quiet_hours_begin_with_their_start_and_end_before_their_end(start, end, quiet):
    asked = [time(0), time(8, 29), time(8, 30), time(12), time(13, 59), time(14), time(19, 59), time(20), time(23)]
    hours = QuietHours(start, end)
    assert [clock for clock in asked if hours.covers(clock)] == quiet
