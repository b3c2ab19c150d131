"""The tier of an account at a cutoff."""

import pytest

from kqml.calendar.business_time import DAY_US
from kqml.history.attributes import attribute_at


def change(day, to, before=None, known=None):
    event = {"kind": "tier_changed", "occurred_at": day * DAY_US, "attributes": {"to": to, "from": before}}
    return event if known is None else {**event, "known_at": known * DAY_US}


def retraction(day):
    return {"kind": "event_retracted", "occurred_at": day * DAY_US, "ref": "e"}


@pytest.mark.parametrize(
    ("events", "lag", "tier"),
    [
        ([], 0.0, "A"),
        ([{"kind": "order", "occurred_at": 0}], 0.0, "A"),
        ([change(5, "B", "C")], 0.0, "B"),
        ([change(10, "B", "C")], 0.0, "C"),
        ([change(8, "B", "C")], 3.0, "C"),
        ([change(8, "B", "C", known=9)], 3.0, "B"),
        ([change(8, "B", "C", known=10)], 0.0, "C"),
        ([change(7, "A", "B"), change(5, "B", "C")], 0.0, "A"),
        ([change(7, "A", "B", known=20), change(5, "B", "C")], 0.0, "B"),
        ([change(5, "B", "C") | {"event_id": "e"}, retraction(9)], 0.0, "C"),
        ([change(5, "B", "C") | {"event_id": "e"}, retraction(10)], 0.0, "B"),
        ([change(4, "A"), change(5, "B", "A") | {"event_id": "e"}, retraction(9)], 0.0, "A"),
        ([{"kind": "tier_changed", "occurred_at": 0, "attributes": None}], 0.0, None),
        ([change(5, 3)], 0.0, None),
    ],
)
def test_the_tier_is_what_was_known_at_day_ten(events, lag, tier):
    assert attribute_at("tier", 10 * DAY_US, "A", events, lag) == tier
