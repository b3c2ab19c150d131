"""The churn rate against gap and horizon, on the same rows."""

from hand_made import at, made_context, made_log, orders

from features.churn_definition import ChurnDefinition
from models.churn.label_audit.inputs import audit_inputs
from models.churn.label_audit.windows import window_rates


def rates(definition, cutoffs, **histories):
    log = made_log({**histories, "last": [(1000, "visit", 0)]})
    found = window_rates(audit_inputs(log, made_context(log), definition, at(cutoffs), 0.0))
    return {(rate.gap, rate.horizon): rate for rate in found}


def test_the_usual_windows_stand_beside_the_definitions_own():
    found = rates(ChurnDefinition(horizon=45, gap=7, min_orders=1), [100], a=orders(90))
    assert sorted(found) == [(gap, horizon) for gap in (0, 7, 30, 60) for horizon in (30, 45, 60, 90, 120, 180)]


def test_a_longer_horizon_turns_pauses_into_staying_and_leaves_fewer_returns():
    found = rates(ChurnDefinition(horizon=90, gap=0, min_orders=1), [100], pause=orders(90, 150), gone=orders(90))
    picture = {
        horizon: (found[0, horizon].groups.all.churned, found[0, horizon].groups.all.returned) for horizon in (30, 60)
    }
    assert picture == {30: (2, 1), 60: (1, 0)}


def test_orders_in_the_gap_do_not_answer():
    found = rates(ChurnDefinition(horizon=90, gap=0, min_orders=1), [100], a=orders(90, 120))
    assert [found[gap, 30].groups.all.churned for gap in (0, 30)] == [0, 1]


def test_a_closure_censors_only_the_windows_that_reach_it():
    found = rates(ChurnDefinition(horizon=90, gap=0, min_orders=1), [100], a=[*orders(90), (140, "account_closed", 0)])
    assert [found[0, horizon].groups.all.rows for horizon in (30, 60, 90)] == [1, 0, 0]


def test_windows_that_no_cutoff_can_answer_are_left_out_and_the_others_say_how_many_can():
    found = rates(ChurnDefinition(horizon=90, gap=0, min_orders=1), [880, 920], a=orders(870, 910))
    assert {window: rate.cutoffs for window, rate in found.items()} == {
        (0, 30): 2,
        (0, 60): 2,
        (0, 90): 1,
        (0, 120): 1,
        (30, 30): 2,
        (30, 60): 1,
        (30, 90): 1,
        (60, 30): 1,
        (60, 60): 1,
    }
