"""Required actions that exceed a rep's hours postpone the least valuable optional ones."""

import pytest

from models.policy.planning.postponement import BookedAction, actions_to_postpone


def action(name, minutes, stops, value, **more):
    return BookedAction(name, (float(minutes), float(stops), 0.0), value, **{"movable": True, **more})


VISIT, CALL, CHEAP = action("visit", 60, 1, 5.0), action("call", 15, 0, 2.0), action("cheap", 60, 1, 1.0)
MUST, ACCEPTED = action("must", 60, 1, 0.0, movable=False), action("accepted", 60, 1, 0.5, movable=False)
DRAWN = action("drawn", 60, 1, -3.0, explored=True)


@pytest.mark.parametrize(
    ("booked", "capacity", "postponed"),
    {
        "what fits stays": ([VISIT, CALL, MUST], (135, 2, 0), []),
        "the least valuable goes": ([VISIT, CALL, CHEAP, MUST], (135, 2, 0), ["cheap"]),
        "only what takes the scarce thing goes": ([VISIT, CALL, MUST], (500, 1, 0), ["visit"]),
        "accepted and required actions stay": ([ACCEPTED, MUST], (60, 1, 0), []),
        "explored ones go last": ([DRAWN, CHEAP, MUST], (120, 2, 0), ["cheap"]),
        "explored ones go where nothing else is left": ([DRAWN, MUST], (60, 1, 0), ["drawn"]),
        "a small one stays where a larger one makes the room": ([VISIT, CALL, MUST], (80, 2, 0), ["visit"]),
    }.values(),
)
def test_required_actions_make_room_for_themselves(booked, capacity, postponed):
    assert [each.decision_id for each in actions_to_postpone(booked, (*capacity[:2], 0.0))] == postponed
