"""What closes a promise, an invoice, a contact that waits for an answer, as known before a cutoff."""

import numpy as np
import pytest
from grade_cases import event, log_of

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.history.closings import Closing, closed_at, due_instants, is_closed, referral_closing
from kqml.history.event_log import NO_DUE
from kqml.history.known_history import KnownHistory

PROMISE = referral_closing(EventKind.PROMISE_MADE, due_days=3)
PROMISED = event(10, "promise_made", id="p")
KEPT, KEPT_LATER = event(12, "promise_kept", ref="p", id="k"), event(15, "promise_kept", ref="p", id="l")
ANSWER = Closing(frozenset({EventKind.CALL}), by_ref=False, due_at=False, due_days=4)
ASKED = event(10, "inbound", id="i", rep_id="r")


def closed_days(history, kind, closing, day=100):
    """The day on which each event of a kind was closed, None where it is open."""
    known = KnownHistory(log_of(history), day * DAY_US)
    instants = closed_at(known, known.of_kinds([kind]), closing).tolist()
    return [None if instant == NO_DUE else instant / DAY_US for instant in instants]


@pytest.mark.parametrize(
    ("history", "day", "closed", "why"),
    [
        ([PROMISED], 100, None, "nobody kept it"),
        ([PROMISED, KEPT], 13, 12, "kept, as known"),
        ([PROMISED, KEPT], 12, None, "not yet kept"),
        ([PROMISED, {**KEPT, "known_at": 40 * DAY_US}], 40, None, "kept, not yet known"),
        ([PROMISED, {**KEPT, "known_at": 40 * DAY_US}, KEPT_LATER], 100, 15, "what is known first counts"),
        ([PROMISED, KEPT, KEPT_LATER], 100, 12, "the first one"),
        ([PROMISED, KEPT, event(20, "event_retracted", ref="k")], 20, 12, "not yet retracted"),
        ([PROMISED, KEPT, event(20, "event_retracted", ref="k")], 21, None, "retracted"),
        ([PROMISED, KEPT, KEPT_LATER, event(20, "event_retracted", ref="k")], 21, 15, "the next one counts"),
        ([PROMISED, event(5, "promise_kept", ref="p")], 100, 10, "never before it was made"),
        ([PROMISED, event(12, "promise_kept", ref="q")], 100, None, "another one was kept"),
        ([PROMISED, event(12, "complaint_resolved", ref="p")], 100, None, "of a kind that keeps no promise"),
    ],
)
def test_a_promise_is_closed_by_what_refers_to_it(history, day, closed, why):
    assert closed_days(history, EventKind.PROMISE_MADE, PROMISE, day) == [closed], why


@pytest.mark.parametrize(
    ("others", "closed", "why"),
    [
        ([event(12, "call")], 12, "the next call"),
        ([event(10, "call")], None, "at the same instant"),
        ([event(9, "call")], None, "before"),
        ([event(12, "visit")], None, "of another kind"),
        ([event(11, "call", known=50), event(12, "call")], 12, "the one known first"),
        ([event(12, "call", known=50), event(60, "call")], 12, "the later one happened after it was known"),
        ([event(15, "call")], 15, "late"),
    ],
)
def test_a_contact_is_answered_by_what_follows(others, closed, why):
    assert closed_days([ASKED, *others], EventKind.INBOUND, ANSWER) == [closed], why


@pytest.mark.parametrize(("rep", "closed"), [("r", 12), ("s", 20), (None, 12)])
def test_a_rep_may_have_to_answer_in_person(rep, closed):
    closing = Closing(ANSWER.kinds, by_ref=False, same_rep=True)
    history = [ASKED, event(12, "call", rep_id=rep), event(20, "call", rep_id="r")]
    assert closed_days(history, EventKind.INBOUND, closing) == [closed]


@pytest.mark.parametrize(("day", "closed"), [(13, 13), (14, None), (15, None)])
def test_only_an_answer_in_time_may_count(day, closed):
    closing = Closing(ANSWER.kinds, by_ref=False, due_at=False, due_days=4, in_time=True)
    assert closed_days([ASKED, event(day, "call")], EventKind.INBOUND, closing) == [closed]


@pytest.mark.parametrize(
    ("promise", "closing", "due"),
    [
        (PROMISED, PROMISE, 13),
        ({**PROMISED, "due_at": 30 * DAY_US}, PROMISE, 30),
        ({**PROMISED, "due_at": 30 * DAY_US}, Closing(PROMISE.kinds, due_at=False, due_days=3), 13),
        (PROMISED, referral_closing(EventKind.PROMISE_MADE), None),
    ],
)
def test_it_is_due_when_it_says_else_by_the_rule(promise, closing, due):
    expected = NO_DUE if due is None else due * DAY_US
    assert due_instants(log_of([promise]), np.array([0]), closing).tolist() == [expected]


def test_accounts_do_not_close_each_other():
    known = KnownHistory(log_of([PROMISED], [KEPT, event(10, "promise_made", id="o")]), 100 * DAY_US)
    assert is_closed(known, known.of_kinds([EventKind.PROMISE_MADE]), PROMISE).tolist() == [False, False]
