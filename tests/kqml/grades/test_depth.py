"""The depth of a relationship: what counts as evidence, which level it makes, when one person is all there is."""

import numpy as np
import pytest
from grade_cases import PLAYBOOK, event, known_of, log_of

from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.grades.depth import asks_granted, depth_evidence, depth_levels, single_contact
from kqml.history.closings import closed_at, referral_closing
from kqml.history.event_log import EventLog
from kqml.history.known_history import known_history

DAY = 400
WINDOW = PLAYBOOK.depth.window_days


def found(history, recorded=None, card=None):
    """The evidence of one account at day 400, the card unrecorded unless said."""
    return depth_evidence(
        known_of(DAY, history, recorded=recorded), PLAYBOOK, np.array([np.nan if card is None else card])
    )


def people(*days, kind="visit"):
    return [event(day, kind, contact_id=f"p{number}", minutes=30) for number, day in enumerate(days)]


@pytest.mark.parametrize(
    ("history", "numbers", "why"),
    [
        (people(390, 391), {"contacts_met": 2, "meetings": 2, "channels": 1}, "two people, two visits"),
        ([*people(390), *people(391)], {"contacts_met": 1, "meetings": 2}, "one person met twice"),
        (people(DAY - WINDOW - 1), {"contacts_met": 0, "meetings": 0}, "before the window"),
        (people(DAY - WINDOW), {"contacts_met": 1, "meetings": 1}, "at the window's beginning"),
        (people(DAY), {"contacts_met": 0, "meetings": 0}, "the cutoff is the future"),
        (people(390, kind="message"), {"contacts_met": 0, "channels": 1}, "a greeting meets nobody"),
        (people(390, kind="call"), {"contacts_met": 1, "meetings": 0}, "a call meets a person, not in person"),
        ([event(390, "visit", contact_id="p", minutes=2)], {"meetings": 0.5}, "two minutes count in part"),
        ([event(390, "visit", authenticity=0.1)], {"meetings": 0.5}, "so does a visit that is hardly real"),
        ([event(390, "visit")], {"meetings": 1}, "what is not recorded is not held against it"),
        ([event(390, "help_given"), event(391, "complaint_resolved")], {"problems_solved": 2}, "both solve something"),
        (
            [event(390, "help_asked", id="q"), event(391, "help_received", ref="q"), event(392, "help_asked")],
            {"asks_granted": 0.5},
            "one of two asks was granted",
        ),
        ([event(390, "visit")], {"asks_granted": 0.0}, "nothing was asked, so nothing shows it"),
    ],
)
def test_evidence_counts_what_the_window_holds(history, numbers, why):
    one = found([*history, event(1, "visit", contact_id="z", minutes=1, authenticity=1.0)])
    assert {name: getattr(one, name)[0] for name in numbers} == pytest.approx(numbers), why


def test_kinds_that_are_never_recorded_are_missing_not_zero():
    one = found([event(390, "order")], recorded=[EventKind.ORDER])
    assert np.isnan([one.meetings[0], one.problems_solved[0], one.asks_granted[0], one.contacts_met[0]]).all()
    assert depth_levels(one, PLAYBOOK).tolist() == [None]


def test_an_ask_that_was_not_made_is_not_refused():
    assert np.isnan(asks_granted(known_of(DAY, [event(390, "visit")]), 0)).all()


def account(people_met, meetings, solved, granted):
    """An account with so many of each in the window; `granted` of two asks."""
    made = [event(300 + number, "visit", contact_id=f"p{number % people_met}") for number in range(meetings)]
    made += [event(301 + number, "help_given") for number in range(solved)]
    made += [event(310, "help_asked", id="q0"), event(311, "help_asked", id="q1")]
    return made + [event(312, "help_received", ref=f"q{number}") for number in range(granted)]


@pytest.mark.parametrize(
    ("made", "card", "level", "why"),
    [
        (account(1, 3, 0, 0), None, "basic", "known and met regularly"),
        (account(1, 2, 0, 0), None, "none", "met too seldom"),
        (account(2, 6, 2, 1), None, "middle", "problems solved, they begin to help"),
        (account(2, 6, 1, 1), None, "basic", "too few problems solved"),
        (account(3, 12, 4, 2), None, "high", "one of theirs"),
        (account(1, 12, 4, 2), None, "basic", "one person only"),
        (account(3, 12, 4, 2), 0.5, "middle", "the card is too thin for more"),
        (account(3, 12, 4, 2), 0.1, "none", "nothing is known of them"),
    ],
)
def test_a_level_takes_every_recorded_criterion(made, card, level, why):
    assert depth_levels(found(made, card=card), PLAYBOOK).tolist() == [level], why


@pytest.mark.parametrize(("people_met", "warned"), [(1, True), (2, False)])
def test_one_person_alone_is_warned_of(people_met, warned):
    assert single_contact(found(account(people_met, 3, 0, 0)), PLAYBOOK).tolist() == [warned]


@pytest.mark.parametrize("recorded", [[EventKind.VISIT], [EventKind.ORDER]])
def test_nobody_is_warned_where_people_are_not_recorded(recorded):
    one = found([event(390, recorded[0].code)], recorded=recorded)
    assert single_contact(one, PLAYBOOK).tolist() == [None]


def test_an_answer_belongs_to_its_own_account():
    log: EventLog = log_of(
        [event(390, "help_asked", id="q"), event(391, "help_received", ref="r")],
        [event(390, "help_asked", id="r"), event(391, "help_received", ref="r")],
    )
    known = known_history(log, DAY * DAY_US, {})
    asks = known.of_kinds([EventKind.HELP_ASKED])
    granted = closed_at(known, asks, referral_closing(EventKind.HELP_ASKED))
    assert (granted // DAY_US).tolist()[1] == 391
    assert granted[0] > DAY * DAY_US
