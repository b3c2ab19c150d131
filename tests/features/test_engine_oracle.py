"""The engine gives what the definitions say: every aggregation, every operation, against a slow oracle."""

import math
from dataclasses import replace

import numpy as np
import pytest
from feature_oracle import Happened, World, value_of
from hypothesis import given, settings
from random_logs import CUTOFFS, Histories, context_of, histories, log_of

from features.catalog import catalog
from features.definitions import (
    Aggregation,
    Atom,
    CadenceTarget,
    Calendar,
    Code,
    Combined,
    Direction,
    Feature,
    FeatureGroup,
    Operation,
    Peer,
    SeasonMeasure,
    Stream,
)
from features.engine import build_features
from features.peers import PeerCells, Peers
from features.plan import compile_plan
from features.rows import Rows
from features.rules import COUNTED, Card, CountingRule, Ledger
from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind
from kqml.history.closings import Closing
from kqml.playbook.relationship import EmotionalEntry, Omission

ORDER = Stream("order", frozenset({EventKind.ORDER}))
TOUCH = Stream("touch", frozenset({EventKind.VISIT, EventKind.CALL, EventKind.COMPLAINT}))
WINDOWS = ((1, 0), (30, 0), (365, 0), (30, 30), (90, 365), (None, 0))
OF_VALUES = ("sum", "mean", "std", "cv", "max", "min")
OF_GAPS = ("gap_mean", "gap_std", "gap_median", "gap_p90")


def feature(measure, fill=None):
    return Feature(measure, FeatureGroup.FREQUENCY, Code.ORDER_LEVEL, Direction.EITHER, "order_counts", fill)


def every_atom():
    for stream in (ORDER, TOUCH):
        for days, lag in WINDOWS:
            for name in ("count", "days", "weeks"):
                yield Atom(stream, Aggregation(name), days=days, lag=lag)
            for name in OF_VALUES:
                for value in ("amount", "sentiment", "minutes"):
                    yield Atom(stream, Aggregation(name), value, days, lag)
            for value in ("contact_id", "channel"):
                yield Atom(stream, Aggregation.DISTINCT, value, days, lag)
                yield Atom(stream, Aggregation.SINGLE, value, days, lag)
        for name in ("since_last", "since_first", "gap_last"):
            yield Atom(stream, Aggregation(name))
        for name in OF_GAPS:
            for last in (1, 3, 26):
                yield Atom(stream, Aggregation(name), last=last)


ANSWERED = frozenset({EventKind.VISIT, EventKind.CALL})
RESOLVED = frozenset({EventKind.COMPLAINT_RESOLVED})
DUES = frozenset({EventKind.PAYMENT_DUE})
RULED = (
    Stream(
        "complaint", frozenset({EventKind.COMPLAINT}), Closing(frozenset({EventKind.COMPLAINT_RESOLVED}), due_days=7)
    ),
    Stream("due", DUES, Closing(frozenset({EventKind.PAYMENT_RECEIVED}), due_days=None)),
    Stream("inbound", frozenset({EventKind.INBOUND}), Closing(ANSWERED, by_ref=False, due_at=False, due_days=2.5)),
    Stream(
        "unfollowed", frozenset({EventKind.ORDER}), Closing(ANSWERED, False, due_at=False, due_days=7, in_time=True)
    ),
    Stream("handover", frozenset({EventKind.REP_ASSIGNED}), Closing(ANSWERED, False, same_rep=True, due_days=14)),
)
LEDGER = Ledger(
    (
        EmotionalEntry(EventKind.VISIT, 1.0, 45.0),
        EmotionalEntry(EventKind.CALL, 0.4, 30.0),
        EmotionalEntry(EventKind.COMPLAINT, -3.0, 120.0),
        EmotionalEntry(EventKind.HELP_ASKED, -1.0, 45.0),
        EmotionalEntry(EventKind.HELP_ASKED, -2.0, 30.0, "price"),
        EmotionalEntry(EventKind.PAYMENT_DUE, -0.5, 30.0, "price"),
    ),
    (
        Omission(EventKind.COMPLAINT, (EventKind.COMPLAINT_RESOLVED,), -5.0, 180.0, 7.0),
        Omission(EventKind.INBOUND, (EventKind.VISIT, EventKind.CALL), -2.0, 60.0, 2.0),
        Omission(EventKind.PAYMENT_DUE, (EventKind.PAYMENT_RECEIVED,), -1.0, 60.0),
    ),
)
EMOTIONAL = Stream("emotional", LEDGER.kinds, LEDGER)
COUNTING = CountingRule(((EventKind.VISIT, 5.0), (EventKind.CALL, 1.0)), 0.5, 0.25)
CARD = Card(((("name", "accounts.name"), 2.0), (("size",), 1.0), (("phone", "tel"), 2.0), (("brands",), 3.0)))


def every_month():
    for stream in (ORDER, TOUCH):
        for months in (0, 1):
            for name in ("count", "days"):
                yield Atom(stream, Aggregation(name), months=months)
            for name in ("sum", "mean"):
                yield Atom(stream, Aggregation(name), "amount", months=months)


def every_ruled_atom():
    for stream in RULED:
        for aggregation in (one for one in Aggregation if one.reads_closing):
            for days in (None, 30, 365):
                yield Atom(stream, aggregation, "amount" if aggregation.reads_value else None, days=days)
    for aggregation in (one for one in Aggregation if one.fades):
        for lag in (0, 28, 365):
            yield Atom(EMOTIONAL, aggregation, lag=lag)
    for days in (1, 30, 365, None):
        yield Atom(EMOTIONAL, Aggregation.WORST, days=days)
    for days, months in ((28, None), (None, None), (None, 0), (None, 1)):
        yield Atom(Stream("met", ANSWERED, COUNTING), Aggregation.SUM, COUNTED, days=days, months=months)
    yield Atom(Stream("card", frozenset({EventKind.CARD_UPDATED}), CARD), Aggregation.KNOWN)


def every_target():
    month = Atom(TOUCH, Aggregation.COUNT, days=30)
    yield CadenceTarget(month, (("A", 8.0), ("B", 0.0), ("C", 0.5)))
    yield CadenceTarget(month, (("A", 8.0), ("C", 1.5)), excess=True)
    yield CadenceTarget(Atom(TOUCH, Aggregation.SINCE_LAST), (("C", 1.0),))


def every_combination():
    silence, middle = Atom(ORDER, Aggregation.SINCE_LAST), Atom(ORDER, Aggregation.GAP_MEAN, last=26)
    spread, month = Atom(ORDER, Aggregation.GAP_STD, last=26), Atom(ORDER, Aggregation.COUNT, days=30)
    year = Atom(TOUCH, Aggregation.COUNT, days=365)
    yield Combined(silence, Operation.RATIO, middle)
    yield Combined(silence, Operation.DIFFERENCE, middle)
    yield Combined(Combined(silence, Operation.DIFFERENCE, middle), Operation.RATIO, spread)
    yield Combined(month, Operation.RATE_RATIO, year)
    yield Combined(month, Operation.RATIO, year)
    yield Combined(Atom(ORDER, Aggregation.SUM, "amount", days=30), Operation.DIFFERENCE, year)


def filled():
    for aggregation, days in ((Aggregation.MEAN, 30), (Aggregation.MAXIMUM, 365), (Aggregation.CV, None)):
        yield feature(Atom(ORDER, aggregation, "lines", days=days), fill=-7.0)
    month, before = (Atom(TOUCH, Aggregation.COUNT, days=30, lag=lag) for lag in (0, 30))
    yield feature(Combined(month, Operation.RATIO, before), fill=1.0)
    yield feature(Combined(Atom(ORDER, Aggregation.SINCE_LAST), Operation.RATIO, month), fill=99.0)


FEATURES = (
    *(feature(atom) for atom in every_atom()),
    *(feature(atom) for atom in (*every_month(), *every_ruled_atom())),
    *(feature(combined) for combined in (*every_combination(), *every_target())),
    *filled(),
    *(feature(Calendar(season)) for season in SeasonMeasure),
)


def differences(features, given_: Histories, cutoffs):
    """The cells in which engine and oracle disagree by more than 1e-9 of what the number was computed from."""
    rows = Rows.grid(len(given_.accounts), cutoffs)
    tiers = [given_.worlds[account].tier for account in rows.account]
    peers = Peers(PeerCells.of(tiers, tiers))
    log, context = log_of(given_.accounts), context_of(given_.worlds)
    matrix = build_features(log, rows, compile_plan(features), context, peers=peers)
    for row, (account, cutoff) in enumerate(zip(rows.account, rows.cutoff, strict=True)):
        for column, one in enumerate(features):
            wanted = value_of(one, given_.accounts[account], int(cutoff), given_.worlds[account])
            found, number = float(matrix[row, column]), float(wanted.number)
            if not (math.isnan(found) and math.isnan(number)) and not abs(found - number) <= 1e-9 * wanted.size:
                yield one.column, int(account), int(cutoff) // DAY_US, found, number


@settings(max_examples=60, deadline=None)
@given(histories())
def test_every_aggregation_and_operation_equals_the_oracle_on_random_logs(given_):
    assert list(differences(FEATURES, given_, CUTOFFS)) == []


@settings(max_examples=8, deadline=None)
@given(histories(most_events=60))
def test_the_whole_catalog_equals_the_oracle_on_random_logs(given_):
    own = [one for one in catalog() if not isinstance(one.measure, Peer)]
    assert list(differences(own, given_, CUTOFFS[1:])) == []


DAY = DAY_US
SINCE = dict.fromkeys((EventKind.ORDER, EventKind.VISIT, EventKind.COMPLAINT, *RESOLVED), -1000 * DAY)


def orders(*days, known_later=0, **values):
    return [Happened(int(day * DAY), int((day + known_later) * DAY), EventKind.ORDER, values) for day in days]


def complaint(day, known=None, name="asked"):
    return Happened(day * DAY, (day if known is None else known) * DAY, EventKind.COMPLAINT, name=name)


def resolution(day, known=None):
    return Happened(day * DAY, (day if known is None else known) * DAY, EventKind.COMPLAINT_RESOLVED, ref="asked")


def order_once(day):
    return Happened(day * DAY, day * DAY, EventKind.ORDER, name="once")


def retraction(day, known=None):
    return Happened(day * DAY, (day if known is None else known) * DAY, EventKind.EVENT_RETRACTED, ref="once")


TABLE = {
    # events, measure, value at day 0
    "an_event_at_the_cutoff_is_the_future": (
        orders(-400, -1) + orders(0, known_later=-5),
        Atom(ORDER, Aggregation.COUNT, days=30),
        1.0,
    ),
    "a_window_begins_with_its_first_instant": (orders(-400, -30, -1), Atom(ORDER, Aggregation.COUNT, days=30), 2.0),
    "an_instant_earlier_is_outside": (orders(-400, -30 - 1e-10, -1), Atom(ORDER, Aggregation.COUNT, days=30), 1.0),
    "a_lagged_window_ends_where_the_newer_begins": (
        orders(-400, -60, -30, -1),
        Atom(ORDER, Aggregation.COUNT, days=30, lag=30),
        1.0,
    ),
    "recency_ends_before_the_cutoff": (
        orders(-400) + orders(0, known_later=-5),
        Atom(ORDER, Aggregation.SINCE_LAST),
        400.0,
    ),
    "known_at_the_cutoff_is_too_late": (
        orders(-400) + orders(-1, known_later=1),
        Atom(ORDER, Aggregation.SINCE_LAST),
        400.0,
    ),
    "known_just_before_is_known": (
        orders(-400) + orders(-1, known_later=0.99),
        Atom(ORDER, Aggregation.SINCE_LAST),
        1.0,
    ),
    "before_the_account_is_missing": (orders(-10), Atom(ORDER, Aggregation.COUNT, days=30), math.nan),
    "an_account_as_old_as_the_window_is_told": (orders(-30), Atom(ORDER, Aggregation.COUNT, days=30), 1.0),
    "nothing_sold_is_0": (orders(-40), Atom(ORDER, Aggregation.SUM, "amount", days=30), 0.0),
    "sold_for_an_unknown_amount_is_missing": (
        orders(-40, -1),
        Atom(ORDER, Aggregation.SUM, "amount", days=30),
        math.nan,
    ),
    "gaps_are_between_orders": (orders(-9, -5, -4), Atom(ORDER, Aggregation.GAP_MEAN, last=26), 2.5),
    "equal_amounts_do_not_vary": (orders(-9, -5, -4, amount=3.3), Atom(ORDER, Aggregation.CV, "amount"), 0.0),
    "an_answer_known_at_the_cutoff_comes_too_late": (
        [complaint(-9), resolution(-5, known=0)],
        Atom(RULED[0], Aggregation.OPEN),
        1.0,
    ),
    "an_answer_known_before_closes": (
        [complaint(-9), resolution(-5, known=-1)],
        Atom(RULED[0], Aggregation.CLOSING_DAYS),
        4.0,
    ),
    "a_question_known_at_the_cutoff_is_not_yet_asked": (
        [complaint(-400), resolution(-399), complaint(-9, known=0, name="other")],
        Atom(RULED[0], Aggregation.OPEN),
        0.0,
    ),
    "due_at_the_cutoff_is_not_overdue": ([complaint(-7)], Atom(RULED[0], Aggregation.OVERDUE), 0.0),
    "due_before_the_cutoff_is_overdue": ([complaint(-9)], Atom(RULED[0], Aggregation.OVERDUE_AGE), 2.0),
    "half_a_life_later_half_is_left": (
        [Happened(-45 * DAY, -45 * DAY, EventKind.VISIT)],
        Atom(EMOTIONAL, Aggregation.BALANCE),
        0.5,
    ),
    "an_ignored_complaint_draws_twice": (
        [complaint(-120)],
        Atom(EMOTIONAL, Aggregation.BALANCE),
        -3.0 / 2 - 5.0 * 2 ** (-113 / 180),
    ),
    "a_retraction_known_at_the_cutoff_hides_nothing_yet": (
        [*orders(-400), order_once(-1), retraction(-1, known=0)],
        Atom(ORDER, Aggregation.COUNT, days=30),
        1.0,
    ),
    "a_retraction_known_before_hides_the_event": (
        [*orders(-400), order_once(-1), retraction(-1)],
        Atom(ORDER, Aggregation.COUNT, days=30),
        0.0,
    ),
    "a_retracted_answer_leaves_the_complaint_open": (
        [complaint(-9), replace(resolution(-5), name="once"), retraction(-3)],
        Atom(RULED[0], Aggregation.OPEN),
        1.0,
    ),
    "a_retracted_complaint_is_not_open": (
        [complaint(-400), resolution(-399), complaint(-9, name="once"), retraction(-3)],
        Atom(RULED[0], Aggregation.OPEN),
        0.0,
    ),
    "a_retracted_first_event_opens_no_account": (
        [order_once(-100), *orders(-10), retraction(-3)],
        Atom(ORDER, Aggregation.COUNT, days=30),
        math.nan,
    ),
    "no_account_yet": ([], Atom(ORDER, Aggregation.COUNT), math.nan),
}


@pytest.mark.parametrize("case", TABLE)
def test_bounds_are_half_open_and_what_was_not_known_is_missing(case):
    events, measure, value = TABLE[case]
    log, context = log_of([events]), context_of([World(SINCE)])
    found = build_features(log, Rows.grid(1, np.array([0])), compile_plan([feature(measure)]), context)
    np.testing.assert_array_equal(found, [[value]])


def test_a_kind_never_recorded_is_missing_not_zero():
    log = log_of([orders(-400, -3)])
    plan = compile_plan([feature(Atom(TOUCH, Aggregation.COUNT, days=30))])
    rows = Rows.grid(1, np.array([0]))
    recorded = build_features(log, rows, plan, context_of([World(SINCE)]))
    never = build_features(log, rows, plan, context_of([World({EventKind.ORDER: -1000 * DAY})]))
    assert recorded[0, 0] == 0.0
    assert math.isnan(never[0, 0])


def test_quiet_days_count_neither_in_recency_nor_in_gaps():
    log = log_of([orders(-30, -20, -10)])
    measures = [Atom(ORDER, Aggregation.SINCE_LAST), Atom(ORDER, Aggregation.GAP_MEAN, last=26)]
    context = context_of([World(SINCE, quiet=[(-18 * DAY, -8 * DAY)])])
    found = build_features(log, Rows.grid(1, np.array([0])), compile_plan([*map(feature, measures)]), context)
    np.testing.assert_array_equal(found, [[8.0, 6.0]])
