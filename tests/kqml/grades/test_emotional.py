"""The emotional account: what is left after how long, what topics and omissions book, what was not known yet."""

import numpy as np
import pytest
from grade_cases import PLAYBOOK, event, histories, known_of, playbook
from hypothesis import given, settings
from hypothesis import strategies as st

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.grades.emotional_account import balances, movements, statement
from kqml.playbook.relationship import EmotionalEntry, Omission

VISITS = playbook(
    emotional=(
        EmotionalEntry(EventKind.VISIT, 4.0, 10.0),
        EmotionalEntry(EventKind.HELP_ASKED, -1.0, 10.0),
        EmotionalEntry(EventKind.HELP_ASKED, -2.0, 10.0, "price"),
    ),
    emotional_omissions=(),
)
OMISSIONS = playbook(
    emotional=(),
    emotional_omissions=(
        Omission(EventKind.PROMISE_MADE, (EventKind.PROMISE_KEPT,), -8.0, 10.0),
        Omission(EventKind.COMPLAINT, (EventKind.COMPLAINT_RESOLVED,), -4.0, 10.0, 7.0),
        Omission(EventKind.INBOUND, (EventKind.CALL, EventKind.VISIT), -2.0, 10.0, 2.0),
    ),
)


@pytest.mark.parametrize(
    ("history", "balance", "why"),
    [
        ([], 0.0, "nothing was booked"),
        ([event(90, "visit")], 2.0, "half is left after one half-life"),
        ([event(80, "visit")], 1.0, "a quarter after two"),
        ([event(90, "visit"), event(80, "visit")], 3.0, "both add up"),
        ([event(100, "visit")], 0.0, "what happens at the cutoff is the future"),
        ([event(90, "visit", known=100)], 0.0, "what was recorded at the cutoff was not known before it"),
        ([event(90, "visit", known=99)], 2.0, "what is recorded late fades from when it happened"),
        ([event(90, "help_asked")], -0.5, "an ask draws out"),
        ([event(90, "help_asked", attributes={"topic": "price"})], -1.0, "a topic has its own entry"),
        ([event(90, "help_asked", attributes={"topic": "display"})], -0.5, "a topic without one has that of its kind"),
        ([event(90, "order")], 0.0, "an order is neither"),
    ],
)
def test_deposits_and_withdrawals_fade(history, balance, why):
    assert balances(known_of(100, history), VISITS).tolist() == [pytest.approx(balance, abs=1e-12)], why


@pytest.mark.parametrize(
    ("history", "balance", "why"),
    [
        ([event(80, "promise_made", due=90)], -4.0, "a promise that was due ten days ago"),
        ([event(80, "promise_made", due=100)], 0.0, "due at the cutoff is not over"),
        ([event(80, "promise_made")], 0.0, "a promise without a date is never late"),
        (
            [event(80, "promise_made", due=90, id="p"), event(89, "promise_kept", ref="p")],
            0.0,
            "kept the day before",
        ),
        (
            [event(80, "promise_made", due=90, id="p"), event(90, "promise_kept", ref="p")],
            -4.0,
            "kept at the end of its time is late",
        ),
        (
            [event(80, "promise_made", due=90, id="p"), event(89, "promise_kept", ref="p", known=101)],
            -4.0,
            "that it was kept was not known",
        ),
        (
            [event(80, "promise_made", due=90, id="p"), event(85, "promise_kept", ref="other")],
            -4.0,
            "another promise was kept",
        ),
        ([event(83, "complaint")], -2.0, "a complaint nobody resolved in a week"),
        ([event(83, "complaint", id="c"), event(84, "complaint_resolved", ref="c")], 0.0, "one that was resolved"),
        ([event(95, "complaint")], 0.0, "one whose week is not over"),
        ([event(88, "inbound")], -1.0, "a call of theirs without an answer"),
        ([event(88, "inbound"), event(89, "call")], 0.0, "one that was answered"),
        ([event(88, "inbound"), event(91, "visit")], -1.0, "one that was answered too late"),
        ([event(87, "call"), event(88, "inbound")], -1.0, "a call before it is no answer"),
        ([event(88, "call"), event(88, "inbound")], -1.0, "nor is one at the same instant"),
    ],
)
def test_what_stays_undone_draws_out_at_the_end_of_its_time(history, balance, why):
    assert balances(known_of(100, history), OMISSIONS).tolist() == [pytest.approx(balance, abs=1e-12)], why


def test_nothing_is_omitted_where_answers_are_never_recorded():
    told = known_of(100, [event(83, "complaint")], recorded=[EventKind.COMPLAINT, EventKind.COMPLAINT_RESOLVED])
    silent = known_of(100, [event(83, "complaint")], recorded=[EventKind.COMPLAINT])
    assert balances(told, OMISSIONS)[0] == pytest.approx(-2.0)
    assert np.isnan(balances(silent, OMISSIONS)[0]), "nothing that is booked is recorded"
    assert balances(silent, PLAYBOOK)[0] == pytest.approx(-3.0 * 2 ** (-17 / 120)), "the complaint itself still is"


def test_the_answer_of_one_account_is_none_for_another():
    known = known_of(100, [event(88, "inbound")], [event(89, "call")], [event(83, "complaint", id="x")])
    assert balances(known, OMISSIONS) == pytest.approx([-1.0, 0.0, -2.0])


def test_a_statement_tells_every_line_and_adds_up_to_the_balance():
    history = [
        event(70, "visit"),
        event(80, "promise_made", due=90),
        event(85, "help_asked", attributes={"topic": "price"}),
    ]
    rules = playbook(emotional=VISITS.emotional, emotional_omissions=OMISSIONS.emotional_omissions)
    known = known_of(100, history)
    lines = statement(known, rules)
    assert [(line.at // DAY_US, line.kind, line.topic, line.omitted) for line in lines] == [
        (70, "visit", None, False),
        (85, "help_asked", "price", False),
        (90, "promise_made", None, True),
    ]
    assert [line.balance for line in lines] == pytest.approx([4.0, 4 * 2**-1.5 - 2, 4 * 2**-2 - 2 * 2**-0.5 - 8])
    assert sum(line.left for line in lines) == pytest.approx(balances(known, rules)[0])


@pytest.mark.parametrize(("kept", "booked"), [(82, True), (78, False)])
def test_a_promise_due_before_it_was_made_is_kept_in_time_only_before_its_due_date(kept, booked):
    promise = [event(kept, "promise_kept", ref="p"), event(90, "promise_made", id="p", due=80)]
    rules = playbook(emotional=VISITS.emotional, emotional_omissions=OMISSIONS.emotional_omissions)
    promised = next(one for one in rules.emotional_omissions if one.kind is EventKind.PROMISE_MADE)
    found = balances(known_of(100, promise), rules)[0]
    assert found == pytest.approx(promised.weight * 2 ** (-10 / promised.half_life_days) if booked else 0.0)


def test_a_statement_is_of_one_account():
    with pytest.raises(ValueError, match="of one account, not of 2"):
        statement(known_of(1, [], []), PLAYBOOK)


def slow_balance(history, cutoff, rules):
    """The definition read aloud: one event, one entry, one power of two at a time."""
    seen = [one for one in history if one["occurred_at"] < cutoff and one.get("known_at", one["occurred_at"]) < cutoff]
    retracted = {one.get("ref") for one in seen if one["kind"] == "event_retracted"}
    seen = [one for one in seen if one["event_id"] not in retracted and one["kind"] != "event_retracted"]
    total = 0.0
    for one in seen:
        topic = one.get("attributes", {}).get("topic")
        fitting = [entry for entry in rules.emotional if entry.kind.code == one["kind"]]
        entry = next((entry for entry in fitting if entry.topic == topic and topic), None)
        entry = entry or next((entry for entry in fitting if entry.topic is None), None)
        if entry is not None:
            total += entry.weight * 0.5 ** ((cutoff - one["occurred_at"]) / DAY_US / entry.half_life_days)
    for omission in rules.emotional_omissions:
        for one in seen:
            if one["kind"] != omission.kind.code:
                continue
            due = one["occurred_at"] + omission.days * DAY_US if omission.days else one.get("due_at")
            booked = None if due is None else max(due, one["occurred_at"])
            if booked is None or booked >= cutoff:
                continue
            answers = [other for other in seen if other["kind"] in {kind.code for kind in omission.answered_by}]
            if omission.kind is EventKind.INBOUND:
                answers = [other for other in answers if other["occurred_at"] > one["occurred_at"]]
            else:
                answers = [other for other in answers if other.get("ref") == one["event_id"]]
            if not any(other["occurred_at"] < due for other in answers):
                total += omission.weight * 0.5 ** ((cutoff - booked) / DAY_US / omission.half_life_days)
    return total


@settings(max_examples=150, deadline=None)
@given(histories(), st.integers(1, 80))
def test_the_balance_equals_the_definition_read_aloud(accounts, day):
    found = balances(known_of(day, *accounts), PLAYBOOK)
    wanted = [slow_balance(history, day * DAY_US, PLAYBOOK) for history in accounts]
    assert found.tolist() == pytest.approx(wanted, abs=1e-9)


@settings(max_examples=60, deadline=None)
@given(histories(), st.integers(1, 80))
def test_what_was_not_known_before_the_cutoff_changes_nothing(accounts, day):
    cutoff = day * DAY_US
    known = [
        [one for one in history if one["occurred_at"] < cutoff and one["known_at"] < cutoff] for history in accounts
    ]
    assert np.array_equal(balances(known_of(day, *accounts), PLAYBOOK), balances(known_of(day, *known), PLAYBOOK))


def test_movements_of_nothing_are_none():
    assert len(movements(known_of(5, []), PLAYBOOK).account) == 0
