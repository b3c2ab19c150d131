"""One account's standing against the way for millions of rows."""

import label_oracle
import numpy as np
from hand_made import at, made_context, made_log
from hypothesis import given, settings
from hypothesis import strategies as st

from features.churn_definition import ChurnDefinition
from features.eligibility import eligibility_of
from features.single_account_eligibility import single_account_eligibility

HALF_DAYS = st.integers(0, 160).map(lambda half: half / 2)
KINDS = st.sampled_from(["order"] * 8 + ["visit", *label_oracle.LEAVING, "account_reopened"])
EVENTS = st.tuples(HALF_DAYS, KINDS, st.sampled_from([0, 0, 0, 0.5, 1, 6, 30]))
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
