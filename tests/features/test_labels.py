"""Labels and eligibility: half-open windows, what was known, what is censored, what is not yet mature."""

from dataclasses import replace

import label_oracle
import numpy as np
import pytest
from hand_made import at, in_days, made_context, made_log, orders
from hypothesis import given, settings
from hypothesis import strategies as st

from features import eligibility
from features.churn_definition import ChurnDefinition, windows_of
from features.context import NEVER
from features.eligibility import eligibility_of, eligible_rows
from features.labels import departures, label_lag_days, label_rows
from kqml.calendar.business_time import QuietPeriods
from kqml.dataset.folder import DatasetInfo
from kqml.errors import BadUse

FAR = int(at(10_000))


def definition(**changes):
    return ChurnDefinition(**{"horizon": 10, "gap": 0, "min_orders": 1, "active_within": 50, **changes})


def labelled(history, cutoff, quiet=(), lag=0.0, until=FAR, **changes):
    """The labelled row of one account at one cutoff (days); None where it is not asked about or not mature."""
    log = made_log({"a": history})
    rows = label_rows(
        log, made_context(log, quiet=quiet), definition(**changes), at([cutoff]), lag, observed_until=until
    )
    return rows if len(rows) else None


def is_eligible(history, cutoff, quiet=(), **changes):
    log = made_log({"a": history})
    return len(eligible_rows(log, made_context(log, quiet=quiet), definition(**changes), at([cutoff]))) == 1


@pytest.mark.parametrize(
    ("order", "gap", "churned"),
    [
        (99.99, 0, True),
        (100, 0, False),
        (109.99, 0, False),
        (110, 0, True),
        (100, 5, True),
        (104.99, 5, True),
        (105, 5, False),
        (114.99, 5, False),
        (115, 5, True),
    ],
)
def test_an_order_answers_from_the_opening_of_the_window_to_just_before_its_end(order, gap, churned):
    assert labelled(orders(90, order), 100, gap=gap).churned.tolist() == [churned]


@pytest.mark.parametrize(
    ("order", "quiet", "churned"),
    [
        (111, (), True),
        (111, [(103, 105)], False),
        (112, [(103, 105)], True),
        (111.99, [(103, 105)], False),
        (104, [(103, 105)], False),
        (111.99, [(101, 102), (104, 105)], False),
        (111, [(98, 102)], False),
        (112, [(98, 102)], True),
        (110, [(110, 115)], True),
        (111, [(90, 95)], True),
    ],
)
def test_quiet_days_make_the_window_longer(order, quiet, churned):
    assert labelled(orders(90, order), 100, quiet=quiet).churned.tolist() == [churned]


def test_quiet_days_in_the_gap_open_the_window_later():
    assert labelled(orders(90, 106), 100, gap=5, quiet=[(101, 103)]).churned.tolist() == [True]
    assert labelled(orders(90, 107), 100, gap=5, quiet=[(101, 103)]).churned.tolist() == [False]


@pytest.mark.parametrize("kind", ["account_closed", "account_transferred"])
@pytest.mark.parametrize(
    ("day", "gap", "censored"),
    [(100, 0, True), (99.99, 0, False), (109.99, 0, True), (110, 0, False), (100, 5, True), (114, 5, True)],
)
def test_closing_between_the_cutoff_and_the_end_of_the_window_censors(kind, day, gap, censored):
    row = labelled([*orders(90), (day, kind, 30)], 100, gap=gap)
    assert row.censored.tolist() == [censored]


def test_a_suspension_inside_the_window_does_not_censor():
    assert labelled([*orders(90), (105, "account_suspended", 0)], 100).censored.tolist() == [False]


@pytest.mark.parametrize(
    ("events", "eligible"),
    [
        ([], True),
        ([(95, "account_closed", 0)], False),
        ([(95, "account_suspended", 0)], False),
        ([(95, "account_transferred", 0)], False),
        ([(95, "account_closed", 5)], True),
        ([(95, "account_closed", 4.99)], False),
        ([(100, "account_closed", 0)], True),
        ([(100, "account_closed", -50)], True),
        ([(95, "account_closed", 0), (97, "account_reopened", 0)], True),
        ([(95, "account_closed", 0), (97, "account_reopened", 3)], False),
        ([(93, "account_reopened", 0), (95, "account_closed", 0)], False),
        ([(93, "account_closed", 6.5), (95, "account_reopened", 0)], True),
    ],
)
def test_a_status_counts_when_it_was_known_before_the_cutoff(events, eligible):
    assert is_eligible([*orders(90), *events], 100) is eligible


@pytest.mark.parametrize(
    ("history", "changes", "eligible"),
    [
        (orders(10, 20, 90), {"min_orders": 3}, True),
        (orders(10, 20, 100), {"min_orders": 3}, False),
        ([*orders(10, 20), (90, "order", 9.99)], {"min_orders": 3}, True),
        ([*orders(10, 20), (90, "order", 10)], {"min_orders": 3}, False),
        ([*orders(10, 20), (90, "return", 0)], {"min_orders": 3}, False),
        (orders(50), {"active_within": 50}, True),
        (orders(49.99), {"active_within": 50}, False),
        ([*orders(40), (60, "order", 40)], {"active_within": 50}, False),
    ],
)
def test_eligibility_counts_known_orders_and_looks_at_the_last_of_them(history, changes, eligible):
    assert is_eligible(history, 100, **changes) is eligible


def test_quiet_days_do_not_age_the_last_order():
    assert is_eligible(orders(48), 100, quiet=[(60, 62)]) is True
    assert is_eligible(orders(47.99), 100, quiet=[(60, 62)]) is False


@pytest.mark.parametrize(
    ("days", "cutoff", "cycle", "silent"),
    [
        ((80, 85, 90), 95, 5.0, False),
        ((80, 85, 90), 95.01, 5.0, True),
        ((60, 80, 90), 100, 15.0, False),
        ((90,), 130, None, False),
        ((*range(0, 40, 10), *range(40, 67)), 66.5, 1.0, False),
        ((*range(0, 40, 10), *range(40, 66)), 65.5, 35 / 26, False),
    ],
)
def test_already_silent_is_longer_than_the_mean_of_the_last_26_gaps(days, cutoff, cycle, silent):
    row = labelled(orders(*days), cutoff)
    assert row.own_cycle.tolist() == pytest.approx([np.nan if cycle is None else cycle], nan_ok=True)
    assert row.already_silent.tolist() == [silent]


def test_an_order_recorded_late_is_no_part_of_the_own_cycle_until_it_is_known():
    history = [*orders(70), (78, "order", 30), (80, "order", 0), (90, "order", 0)]
    assert labelled(history, 100).own_cycle.tolist() == [10.0]
    assert labelled(history, 109).own_cycle.tolist() == pytest.approx([20 / 3])


@pytest.mark.parametrize(
    ("until", "lag", "kept"), [(110, 0, True), (109.99, 0, False), (110, 2, False), (112, 2, True)]
)
def test_a_label_is_there_once_window_and_label_lag_have_passed(until, lag, kept):
    assert (labelled(orders(90), 100, lag=lag, until=int(at(until))) is not None) is kept


def test_immature_rows_are_counted_and_left_out():
    log = made_log({"a": orders(90), "b": orders(95)})
    rows = label_rows(log, made_context(log), definition(), at([96, 100]), observed_until=int(at(107)))
    assert (in_days(rows.rows.cutoff), rows.immature) == ([96, 96], 2)
    assert in_days(rows.matures_at) == [106, 106]


def test_without_a_limit_the_log_answers_until_the_midnight_after_its_last_record():
    log = made_log({"a": orders(90, 109.5)})
    found = label_rows(log, made_context(log), definition(), at([100, 101]))
    assert in_days(found.rows.cutoff) == [100]


def test_a_departure_is_counted_once_however_many_cutoffs_see_it():
    log = made_log({"a": orders(90, 200), "b": orders(95), "c": [*orders(96), (103, "account_closed", 0)]})
    rows = label_rows(log, made_context(log), definition(), at([100, 105, 110, 205]), observed_until=FAR)
    assert departures(rows) == (3, 2)
    assert departures(rows, rows.rows.cutoff < at([150])) == (2, 2)


def test_with_a_gap_a_departure_is_named_by_the_order_before_the_silence():
    log = made_log({"a": orders(90, 102)})
    rows = label_rows(log, made_context(log), definition(gap=5), at([100, 105]), observed_until=FAR)
    assert in_days(rows.last_order) == [90, 102]
    assert in_days(rows.silent_since) == [102, 102]
    assert departures(rows) == (1, 1)


def test_ordering_again_after_a_churned_window_is_a_flip():
    log = made_log({"a": orders(90, 115), "b": orders(90), "c": orders(90, 105)})
    rows = label_rows(log, made_context(log), definition(), at([100]), observed_until=FAR)
    assert rows.churned.tolist() == [True, True, False]
    assert rows.returned.tolist() == [True, False, False]


def test_rows_of_a_mask_keep_their_labels():
    log = made_log({"a": orders(90), "b": orders(90, 105)})
    rows = label_rows(log, made_context(log), definition(), at([100]), observed_until=FAR)
    kept = rows.where(~rows.churned)
    assert (kept.rows.account.tolist(), kept.churned.tolist(), len(kept)) == ([1], [False], 1)


@pytest.mark.parametrize(
    ("lags", "expected"),
    [({"order": {"p95_days": 1.5}}, 1.5), ({"order": {"days": 2.0}}, 2.0), ({}, 3.0), ({"visit": {"days": 9.0}}, 3.0)],
)
def test_the_label_lag_is_stated_by_the_dataset_or_measured(lags, expected):
    log = made_log({"a": [(1, "order", 3), (2, "order", 3), (3, "visit", 50)]})
    assert label_lag_days(DatasetInfo(record_lags=lags), log) == pytest.approx(expected)


def test_no_orders_have_no_label_lag():
    assert label_lag_days(DatasetInfo(), made_log({"a": [(3, "visit", 50)]})) == 0.0


def test_nobody_gives_no_rows():
    for log in (made_log({}), made_log({"a": []}), made_log({"a": [(3, "visit", 0)]})):
        rows = label_rows(log, made_context(log), definition(), at([10, 20]), observed_until=FAR)
        assert (len(rows), departures(rows)) == (0, (0, 0))


@pytest.mark.parametrize(
    "wrong", [{"horizon": 0}, {"gap": -1}, {"min_orders": 0}, {"active_within": 0}, {"personal_k": float("nan")}]
)
def test_an_impossible_definition_names_its_value(wrong):
    with pytest.raises(BadUse, match="churn definition is not valid") as raised:
        ChurnDefinition(**wrong)
    assert f"churn.{next(iter(wrong))}: {next(iter(wrong.values()))}" in str(raised.value)


def test_windows_of_a_cutoff_inside_quiet_days_start_at_once_and_last_their_days():
    quiet = QuietPeriods.of([(int(at(98)), int(at(102)))])
    windows = windows_of(at([100]), definition(), quiet, 1.5)
    assert [in_days(part) for part in (windows.opens, windows.closes, windows.matures)] == [[100], [112], [113.5]]


HALF_DAYS = st.integers(0, 160).map(lambda half: half / 2)
KINDS = st.sampled_from(["order"] * 8 + ["visit", *label_oracle.LEAVING, "account_reopened"])
UNTIL_RETRACTED = st.sampled_from([None] * 9 + [0, 0.5, 4, 25])
EVENTS = st.tuples(HALF_DAYS, KINDS, st.sampled_from([0, 0, 0, 0.5, 1, 6, 30]), UNTIL_RETRACTED).map(
    lambda event: event if event[3] is None else (*event[:3], event[0] + event[3])
)
HISTORIES = st.lists(EVENTS, max_size=40, unique_by=lambda event: event[0]).map(sorted)
QUIET = st.lists(st.tuples(st.integers(0, 80), st.integers(1, 6)), max_size=3).map(
    lambda periods: [(start, start + length) for start, length in periods]
)
DEFINITIONS = st.builds(
    ChurnDefinition,
    horizon=st.integers(1, 25),
    gap=st.integers(0, 12),
    min_orders=st.integers(1, 5),
    active_within=st.integers(1, 30),
)


def disjoint(quiet):
    """The union of quiet periods as single days, so that the oracle may add them up."""
    days = sorted({day for start, end in quiet for day in range(start, end)})
    return [(day, day + 1) for day in days]


@settings(max_examples=400, deadline=None)
@given(st.lists(HISTORIES, min_size=1, max_size=3), st.lists(HALF_DAYS, min_size=1, max_size=5), QUIET, DEFINITIONS)
def test_eligibility_and_labels_equal_a_slow_oracle(histories, cutoffs, quiet, asked):
    log = made_log({str(place): history for place, history in enumerate(histories)})
    rows = label_rows(log, made_context(log, quiet=quiet), asked, at(cutoffs), observed_until=FAR)
    days = disjoint(quiet)
    expected = [
        (place, cutoff, label_oracle.label(history, cutoff, asked, days))
        for place, history in enumerate(histories)
        for cutoff in sorted(set(cutoffs))
        if label_oracle.eligible(history, cutoff, asked, days)
    ]
    assert rows.rows.account.tolist() == [place for place, _, _ in expected]
    assert in_days(rows.rows.cutoff) == [cutoff for _, cutoff, _ in expected]
    for name in ("churned", "censored", "already_silent"):
        assert getattr(rows, name).tolist() == [label[name] for _, _, label in expected], name
    for name in ("last_order", "silent_since"):
        assert in_days(getattr(rows, name)) == [label[name] for _, _, label in expected], name
    next_order = [
        np.inf if instant == NEVER else day
        for instant, day in zip(rows.next_order, in_days(rows.next_order), strict=True)
    ]
    assert next_order == [label["next_order"] for _, _, label in expected]
    assert rows.own_cycle.tolist() == pytest.approx([label["own_cycle"] for _, _, label in expected], nan_ok=True)


@settings(max_examples=200, deadline=None)
@given(st.lists(HISTORIES, min_size=1, max_size=3), HALF_DAYS, QUIET, DEFINITIONS)
def test_what_was_not_known_changes_neither_eligibility_nor_standing(histories, cutoff, quiet, asked):
    log = made_log({str(place): history for place, history in enumerate(histories)})
    then = log.keep((log.known_at < at(cutoff)) & (log.occurred_at < at(cutoff)))
    counted = replace(log.keep(log.visible_before(int(at(cutoff)))), retracted_at=None)
    context = made_context(log, quiet=quiet)
    now, *before = (eligibility_of(seen, context, asked, at([cutoff])) for seen in (log, then, counted))
    for one in before:
        assert now.rows.account.tolist() == one.rows.account.tolist()
        for name in ("orders", "last_order", "silence", "own_cycle", "already_silent"):
            np.testing.assert_array_equal(getattr(now, name), getattr(one, name), err_msg=name)


@settings(max_examples=50, deadline=None)
@given(st.lists(HISTORIES, min_size=2, max_size=4), st.lists(HALF_DAYS, min_size=1, max_size=5), DEFINITIONS)
def test_blocks_of_accounts_change_nothing(histories, cutoffs, asked):
    log = made_log({str(place): history for place, history in enumerate(histories)})
    whole = eligibility_of(log, made_context(log), asked, at(cutoffs))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(eligibility, "BLOCK_ROWS", 1)
        parts = eligibility_of(log, made_context(log), asked, at(cutoffs))
    np.testing.assert_array_equal(whole.rows.account, parts.rows.account)
    np.testing.assert_array_equal(whole.rows.cutoff, parts.rows.cutoff)
    np.testing.assert_array_equal(whole.own_cycle, parts.own_cycle)
