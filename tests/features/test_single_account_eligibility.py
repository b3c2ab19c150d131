"""One account's standing against the way for millions of rows."""

import label_oracle
import numpy as np
from hand_made import at, made_context, made_log
from hypothesis import given, settings
from hypothesis import strategies as st

from features.churn_definition import ChurnDefinition
from features.eligibility import eligibility_of
from features.single_account_eligibility import single_account_eligibility
from kqml.history.attributes import changes_among, in_business, latest_known

HALF_DAYS = st.integers(0, 160).map(lambda half: half / 2)
KINDS = st.sampled_from(["order"] * 8 + ["visit", *label_oracle.LEAVING, "account_reopened"])
UNTIL_RETRACTED = st.sampled_from([None] * 9 + [0, 0.5, 4, 25])
EVENTS = st.tuples(HALF_DAYS, KINDS, st.sampled_from([0, 0, 0, 0.5, 1, 6, 30]), UNTIL_RETRACTED).map(
    lambda event: event if event[3] is None else (*event[:3], event[0] + event[3])
)
HISTORIES = st.lists(EVENTS, max_size=40)
QUIET = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 6)), max_size=3)
DEFINITIONS = st.builds(ChurnDefinition, min_orders=st.integers(1, 5), active_within=st.integers(1, 30))


@settings(max_examples=400, deadline=None)
@given(HISTORIES, HALF_DAYS, QUIET, DEFINITIONS)
def test_one_account_stands_as_it_does_among_all_to_the_bit(history, cutoff, quiet, asked):
    log = made_log({"a": history})
    context = made_context(log, quiet=[(start, start + length) for start, length in quiet])
    among, alone = (
        eligibility_of(log, context, asked, at([cutoff])),
        single_account_eligibility(log, context, asked, int(at(cutoff))),
    )
    for name in ("orders", "last_order", "silence", "own_cycle", "already_silent"):
        np.testing.assert_array_equal(getattr(alone, name), getattr(among, name), err_msg=name, strict=True)
    for name in ("account", "cutoff"):
        np.testing.assert_array_equal(getattr(alone.rows, name), getattr(among.rows, name), err_msg=name, strict=True)


@settings(max_examples=100, deadline=None)
@given(HISTORIES, HALF_DAYS)
def test_an_account_that_orders_is_asked_about_while_its_status_as_known_is_in_business(history, cutoff):
    """What a later change says of the time before it is not known yet."""
    history = sorted([(-1, "order", 0), *history], key=lambda event: event[0])
    log = made_log({"a": history})
    asked = ChurnDefinition(min_orders=1, active_within=3650)
    events = [
        {"event_id": str(place), "kind": kind, "occurred_at": int(at(day)), "known_at": int(at(day + lag))}
        for place, (day, kind, lag, *_) in enumerate(history)
    ]
    events += [
        {"kind": "event_retracted", "occurred_at": int(at(event[3])), "ref": str(place)}
        for place, event in enumerate(history)
        if len(event) > 3 and event[3] is not None
    ]
    found = eligibility_of(log, made_context(log), asked, at([cutoff]))
    latest = latest_known(int(at(cutoff)), changes_among("status", events))
    assert bool(len(found.rows)) == in_business(None if latest is None else latest.after)
