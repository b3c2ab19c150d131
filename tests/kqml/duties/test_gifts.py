"""What a gift may still cost, which festivals go without one."""

import pytest
from duty_inputs import ZONE, book, event, instant

from kqml.calendar.workdays import workdays
from kqml.duties import list_duties, week
from kqml.duties.engine import duty_request
from kqml.duties.gifts import gift_room
from kqml.playbook import read_playbook

PLAYBOOK = read_playbook()
DRAGON_BOAT = week("2024-W24")  # its day is 10 June 2024
CUTOFF = instant("2024-06-10T00:00")


def gift(when, amount, person=None, **more):
    return event("gift", when, amount=amount, contact_id=person, **more)


@pytest.mark.parametrize(
    ("gifts", "room"),
    [
        ([], 200),
        ([gift("2024-02-01T10:00", 150.0, "p")], 50),
        ([gift("2024-02-01T10:00", 150.0, "p"), gift("2024-03-01T10:00", 80.0, "q")], 120),
        ([gift("2024-02-01T10:00", 150.0, "p"), gift("2024-03-01T10:00", 80.0)], 0),
        ([gift("2024-02-01T10:00", 120.0), gift("2024-03-01T10:00", None)], 80),
        ([gift("2023-12-31T23:00", 150.0, "p")], 200),
        ([gift("2024-02-01T10:00", 150.0, "p", known="2024-06-11T00:00")], 200),
    ],
)
def test_the_room_is_the_cap_less_what_was_given_in_the_calendar_year(gifts, room):
    asked = duty_request(book(gifts), PLAYBOOK, DRAGON_BOAT, CUTOFF)
    assert asked.book.events.time_zone == ZONE
    found = gift_room(asked, 2024)
    assert found.tolist() == ([room] if len(found) else [])


def gift_duty(gifts):
    table = list_duties(book(gifts), PLAYBOOK, workdays("CN"), DRAGON_BOAT, CUTOFF).to_pylist()
    return next(row for row in table if row["duty"] == "festival" and row["channel"] == "gift")


@pytest.mark.parametrize(
    ("gifts", "state", "must", "why"),
    [
        ([gift("2024-02-01T10:00", 150.0)], "due", True, "festival"),
        ([gift("2024-02-01T10:00", 200.0)], "waived", False, "gift_limit"),
        ([gift("2024-06-05T10:00", 200.0)], "done", False, "festival"),
    ],
)
def test_a_festival_goes_without_a_gift_where_the_years_limit_is_reached(gifts, state, must, why):
    row = gift_duty(gifts)
    assert (row["state"], row["must"], row["why"]) == (state, must, why)
