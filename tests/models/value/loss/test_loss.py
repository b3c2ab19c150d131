"""Losses: who counts as lost, what the lost brought in a year, the arithmetic of the source (domain §8)."""

import numpy as np
import pytest
from hand_made import at, in_days, made_context, made_log, orders
from hypothesis import given, settings
from hypothesis import strategies as st

from features.churn_definition import ChurnDefinition
from features.context import NEVER
from features.rows import Rows
from kqml.events import EventKind
from kqml.history.event_log import EventLog
from models.value.loss.arithmetic import by_group, expected_of, loss_of
from models.value.loss.lost import LossPeriod, customers_in_period
from models.value.loss.revenue import YearlyRevenue, estimate_revenue, yearly_revenue

DEFINITION = ChurnDefinition(horizon=90, gap=0, min_orders=2)
PERIOD = LossPeriod(int(at([365])[0]), int(at([730])[0]))


def customers(histories, quiet=()):
    log = made_log(histories)
    return customers_in_period(log, made_context(log, quiet=quiet), DEFINITION, PERIOD)


def fate(history, **others):
    """What becomes of one account: None where it is no customer, else the day it was lost (None: it was not)."""
    found = customers({"a": history, "z": orders(0)}, **others)
    if 0 not in found.account:
        return None
    days = in_days(found.lost_at)[0]
    return {
        "lost": None if found.lost_at[0] == NEVER else days,
        "last": in_days(found.last_order)[0],
        **{name: bool(getattr(found, name)[0]) for name in ("closed", "transferred", "returned")},
    }


def told(lost, last, *marks):
    return {"lost": lost, "last": last, **{name: name in marks for name in ("closed", "transferred", "returned")}}


@pytest.mark.parametrize(
    ("history", "expected", "why"),
    [
        (orders(300, 360, 400), told(490, 400), "silent for 90 days inside the period"),
        (orders(*range(300, 730, 60)), told(None, 720), "still ordering"),
        (orders(300, 360, 640), told(450, 360, "returned"), "it came back after 280 days"),
        (orders(300, 360, 640, 730), told(450, 360, "returned"), "90 days to the next order are too long: returned"),
        (orders(300, 360, 450), told(540, 450), "an order exactly at the end of the 90 days comes too late"),
        (orders(300, 360, 449), told(539, 449), "one a day earlier is in time"),
        (orders(200, 275), told(365, 275), "lost at the very beginning of the period"),
        (orders(200, 274), None, "lost a day before the period"),
        (orders(600, 640), told(None, 640), "its 90 days end with the period, which does not hold its end"),
        (orders(600, 639), told(729, 639), "lost on the last day"),
        (orders(500), None, "one order makes no customer"),
        (orders(740, 750), None, "a customer only after the period"),
        (orders(370, 380, 900), told(470, 380, "returned"), "back after the period, which the data show"),
    ],
)
def test_a_customer_is_lost_when_its_patience_ends(history, expected, why):
    assert fate(history) == expected, why


@pytest.mark.parametrize(
    ("ending", "expected", "why"),
    [
        ((450, "account_closed", 5), told(450, 400, "closed"), "a closure is a loss on its day, by nature"),
        ((450, "account_transferred", 0), told(None, 400, "transferred"), "a successor goes on"),
        ((600, "account_closed", 0), told(490, 400), "it was lost long before it closed"),
        ((300, "account_closed", 0), told(490, 400), "it had closed earlier and ordered again"),
    ],
)
def test_an_announced_end_is_told_from_silence(ending, expected, why):
    assert fate([*orders(310, 360, 400), ending]) == expected, why


def test_quiet_days_do_not_count_as_silence():
    assert fate(orders(300, 360, 400), quiet=[(410, 420)])["lost"] == 500


def test_of_two_losses_in_a_period_the_later_one_counts_once():
    found = customers({"a": orders(300, 360, 480, 500)})
    assert (in_days(found.lost_at), found.returned.tolist()) == ([590], [False])


@st.composite
def companies(draw):
    """A few accounts that order now and then, close, are transferred."""
    made = {}
    for account in range(draw(st.integers(1, 3))):
        days = draw(st.lists(st.integers(0, 160), max_size=12).map(lambda steps: np.cumsum([100, *steps]).tolist()))
        history = orders(*sorted(set(days[1:])))
        for kind in draw(st.lists(st.sampled_from(["account_closed", "account_transferred"]), max_size=1)):
            history.append((draw(st.integers(100, 900)) + 0.5, kind, 0))
        made[f"a{account}"] = history
    return made


def slow_fate(history):
    """The definition read aloud, order by order: (lost on, last order, closed, transferred, returned) or None."""
    ordered = sorted(day for day, kind, _ in history if kind == "order")
    endings = sorted((day, kind) for day, kind, _ in history if kind != "order")
    found = None
    for place, day in enumerate(ordered):
        if place + 1 < DEFINITION.min_orders or day >= 730:
            continue
        following = ordered[place + 1] if place + 1 < len(ordered) else np.inf
        ending, kind = next(((end, kind) for end, kind in endings if end >= day), (np.inf, ""))
        stop = min(day + DEFINITION.horizon, ending)
        if min(following, stop) < 365:
            continue
        left = following >= stop and stop < 730
        announced = ending < day + DEFINITION.horizon
        if left and announced and kind == "account_transferred":
            found = (None, day, False, True, False)
        elif left:
            found = (stop, day, announced, False, following < np.inf)
        elif found is None or (found[0] is None and not found[3]):
            found = (None, day, False, False, False)
    return found


@settings(max_examples=200, deadline=None)
@given(companies())
def test_customers_equal_the_definition_read_aloud(histories):
    found = customers(histories)
    wanted = {place: fate for place, name in enumerate(sorted(histories)) if (fate := slow_fate(histories[name]))}
    assert found.account.tolist() == list(wanted)
    for place, (lost, last, closed, transferred, returned) in enumerate(wanted.values()):
        assert (found.lost_at[place] == NEVER) == (lost is None)
        assert lost is None or in_days(found.lost_at)[place] == lost
        assert in_days(found.last_order)[place] == last
        marks = (found.closed[place], found.transferred[place], found.returned[place])
        assert marks == (closed, transferred, returned)


def priced(*amounts_by_account):
    """A log of accounts with (day, kind, amount) events."""
    flat = [(account, *event) for account, events in enumerate(amounts_by_account) for event in sorted(events)]
    times = at([day for _, day, _, _ in flat])
    return EventLog(
        accounts=np.array([f"a{place}" for place in range(len(amounts_by_account))], dtype=object),
        offsets=np.searchsorted([account for account, *_ in flat], np.arange(len(amounts_by_account) + 1)),
        occurred_at=times,
        known_at=times,
        kind=np.array([EventKind[kind].number for _, _, kind, _ in flat], dtype=np.uint8),
        values={"amount": np.array([amount for *_, amount in flat], dtype=np.float64)},
        codes={},
    )


@pytest.mark.parametrize(
    ("events", "revenue", "why"),
    [
        ([(0, "ORDER", 9.0), (400, "ORDER", 100.0)], 100.0, "what is older than a year does not count"),
        ([(0, "ORDER", 9.0), (100, "ORDER", 60.0), (350, "RETURN", 10.0)], 50.0, "returns come off"),
        ([(0, "ORDER", 9.0), (350, "ORDER", 60.0), (351, "ORDER_CANCELLED", 60.0)], 0.0, "so do cancellations"),
        ([(0, "ORDER", 1.0), (300, "RETURN", 90.0)], 0.0, "it is never negative"),
        ([(255, "ORDER", 20.0), (300, "ORDER", 20.0)], 40.0 * 365 / 146, "146 days are brought to a year"),
        ([(400, "ORDER", 20.0)], 20.0 * 365 / 90, "a first order yesterday is not a daily one"),
        ([(0, "ORDER", 9.0), (300, "VISIT", 5.0)], 0.0, "only trade is revenue"),
        ([(0, "ORDER", 9.0), (401, "ORDER", 100.0)], 0.0, "the cutoff itself is not before it"),
        ([(0, "ORDER", 9.0), (300, "ORDER", np.nan)], 0.0, "an order without an amount adds nothing"),
        ([], 0.0, "nobody bought anything"),
    ],
)
def test_a_year_of_revenue(events, revenue, why):
    log = priced([(390, "ORDER", 7.0)], events)
    rows = Rows(np.array([1], dtype=np.int32), at([401]))
    assert yearly_revenue(log, rows).tolist() == [pytest.approx(revenue)], why


def test_without_amounts_nothing_is_said_of_money():
    log = made_log({"a": orders(1, 2)})
    worth = estimate_revenue(
        log, Rows(np.zeros(1, dtype=np.int32), at([9])), np.array(["dealer"], dtype=object), {"dealer": 0.1}
    )
    assert np.isnan(worth.revenue).all()
    assert loss_of(worth, np.array([True]), np.array([False]), 1).revenue is None


def test_the_example_of_the_source_comes_out():
    """64,000 customers × 5 % = 3,200 lost × 40,000 a year = 128 million of revenue × 10 % = 12.8 million of margin."""
    accounts, quarters = 64_000, np.arange(0, 8) * 91.25
    stays, leaves = np.arange(0, 12) * 91.25, quarters
    lost = np.arange(accounts) % 20 == 0
    counts = np.where(lost, len(leaves), len(stays))
    days = np.concatenate([leaves if left else stays for left in lost])
    times = at(days)
    log = EventLog(
        accounts=np.array([f"{place:05}" for place in range(accounts)], dtype=object),
        offsets=np.concatenate([[0], np.cumsum(counts)]),
        occurred_at=times,
        known_at=times,
        kind=np.full(len(times), EventKind.ORDER.number, dtype=np.uint8),
        values={"amount": np.full(len(times), 10_000.0)},
        codes={},
    )
    definition = ChurnDefinition(horizon=120, gap=0, min_orders=1)
    found = customers_in_period(log, made_context(log), definition, LossPeriod(int(at([640])[0]), int(at([1000])[0])))
    worth = estimate_revenue(log, found.rows(), np.full(len(found), "insurance", dtype=object), {"insurance": 0.1})
    loss = loss_of(worth, found.lost, found.returned, len(found))
    assert (loss.customers, loss.lost, loss.share) == (64_000, 3_200, 0.05)
    assert loss.revenue == pytest.approx(128_000_000)
    assert loss.margin == pytest.approx(12_800_000)


def test_without_a_margin_rate_revenue_is_said():
    worth = YearlyRevenue(np.array([10.0, 20.0, 40.0]), np.array([1.0, np.nan, 4.0]))
    everybody = np.ones(3, dtype=bool)
    assert (loss_of(worth, everybody, ~everybody, 3).revenue, loss_of(worth, everybody, ~everybody, 3).margin) == (
        70.0,
        None,
    )
    back = loss_of(worth, everybody, np.array([False, False, True]), 3)
    assert (back.returned, back.revenue_returned, back.margin_returned) == (1, 40.0, 4.0)
    rated = np.array([True, False, True])
    assert loss_of(worth, rated, rated, 3).margin == 5.0
    assert expected_of(worth, np.full(3, 0.5), everybody).margin is None
    assert expected_of(worth, np.full(3, 0.5), rated).margin.mean == 2.5


def test_an_expected_sum_has_the_range_of_chance():
    worth = YearlyRevenue(np.full(400, 10.0), np.full(400, np.nan))
    expected = expected_of(worth, np.full(400, 0.25), np.ones(400, dtype=bool))
    spread = 1.96 * np.sqrt(400 * 0.25 * 0.75)
    assert expected.lost.mean == 100.0
    assert expected.lost.low == pytest.approx(100 - spread, abs=2.5)
    assert expected.lost.high == pytest.approx(100 + spread, abs=2.5)
    assert expected.revenue.mean == pytest.approx(1000.0)
    assert expected == expected_of(worth, np.full(400, 0.25), np.ones(400, dtype=bool))


def test_one_large_account_is_lost_or_not():
    worth = YearlyRevenue(np.array([1_000_000.0, *[1.0] * 50]), np.full(51, np.nan))
    expected = expected_of(worth, np.array([0.01, *[0.1] * 50]), np.ones(51, dtype=bool))
    assert expected.revenue.mean == pytest.approx(10_005.0)
    assert expected.revenue.high < 15, "in 97.5 % of futures the large account stays"


def test_certain_losses_have_no_range():
    expected = expected_of(
        YearlyRevenue(np.array([5.0, 7.0]), np.array([1.0, 1.0])), np.array([1.0, 0.0]), np.ones(2, bool)
    )
    assert (expected.revenue.low, expected.revenue.mean, expected.revenue.high) == (5.0, 5.0, 5.0)


def test_an_empty_group_expects_nothing():
    expected = expected_of(YearlyRevenue(np.zeros(0), np.zeros(0)), np.zeros(0), np.zeros(0, bool))
    assert (expected.accounts, expected.lost.mean, expected.lost.high) == (0, 0.0, 0.0)


def test_groups_stand_in_order_with_the_unknown_last():
    found = by_group(np.array(["b", None, "a", "b"], dtype=object))
    assert list(found) == ["a", "b", None]
    assert found["b"].tolist() == [True, False, False, True]
