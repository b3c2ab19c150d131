"""Personal windows beside the fixed one."""

import pytest
from hand_made import at, made_context, made_log, orders

from features.churn_definition import ChurnDefinition
from models.churn.label_audit.inputs import audit_inputs
from models.churn.label_audit.personal import personal_windows

ASKED = ChurnDefinition(horizon=30, gap=0, min_orders=1, active_within=200, personal_k=2.0)


def personal(cutoff, *, quiet=(), definition=ASKED, **histories):
    log = made_log({**histories, "last": [(999.5, "visit", 0)]})
    return personal_windows(audit_inputs(log, made_context(log, quiet=quiet), definition, at([cutoff]), 0.0))


@pytest.mark.parametrize(
    ("days", "both", "only_personal", "only_fixed"),
    [
        ((90, 95, 100), 1, 0, 0),
        ((90, 95, 100, 110), 0, 0, 0),
        ((90, 95, 100, 112), 0, 1, 0),
        ((60, 80, 100, 135), 0, 0, 1),
        ((60, 80, 100, 141), 1, 0, 0),
    ],
)
def test_silence_for_k_own_cycles_against_silence_for_the_horizon(days, both, only_personal, only_fixed):
    found = personal(100.5, a=orders(*days))
    assert (found.both, found.only_personal, found.only_fixed) == (both, only_personal, only_fixed)
    assert (found.rows, found.churned) == (1, both + only_personal)


@pytest.mark.parametrize(("order", "churned"), [(110.49, 0), (110.5, 1)])
def test_the_personal_window_is_half_open(order, churned):
    assert personal(100.5, a=orders(90, 95, 100, order)).churned == churned


def test_quiet_days_lengthen_the_personal_window():
    assert personal(100.5, a=orders(90, 95, 100, 112), quiet=[(103, 105)]).churned == 0


def test_accounts_with_a_single_order_have_no_personal_window():
    assert personal(100.5, a=orders(90)).rows == 0


def test_windows_that_reach_beyond_the_log_are_left_out():
    assert personal(900.5, a=orders(780, 840, 900)).rows == 0
    assert personal(900.5, a=orders(820, 860, 900)).rows == 1


def test_closures_in_either_window_leave_the_row_out():
    assert personal(100.5, a=[*orders(90, 95, 100), (105, "account_closed", 0)]).rows == 0
    assert personal(100.5, a=[*orders(90, 95, 100), (120, "account_closed", 0)]).rows == 0


def test_lengths_of_personal_windows_are_described_in_days():
    found = personal(100.5, a=orders(90, 95, 100), b=orders(80, 90, 100), c=orders(60, 80, 100))
    assert (found.median_days, found.longer) == (20.0, pytest.approx(1 / 3))
    assert found.histogram == (0, 1, 1, 1, 0, 0, 0, 0, 0, 0)
