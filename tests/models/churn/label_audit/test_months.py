"""Holidays' effect on the churn rate."""

import pytest
from hand_made import at, in_days, made_context, made_log, orders

from features.churn_definition import ChurnDefinition
from kqml.calendar.business_time import instant_of, moment_of
from models.churn.label_audit.inputs import audit_inputs
from models.churn.label_audit.months import months_of, quiet_effect

ASKED = ChurnDefinition(horizon=10, gap=0, min_orders=1, active_within=50)


def effect(cutoffs, quiet, **histories):
    log = made_log({**histories, "last": [(1000, "visit", 0)]})
    return quiet_effect(audit_inputs(log, made_context(log, quiet=quiet), ASKED, at(cutoffs), 0.0))


def test_declared_quiet_days_turn_a_holiday_pause_into_staying():
    found = effect([35], [(38, 45)], a=orders(20, 48), b=orders(20))
    february = found.months[1]
    assert (found.periods, found.rows, found.changed) == (1, 2, 1)
    assert (february.month, february.rows, february.churn_rate, february.without_quiet) == (2, 2, 0.5, 1.0)
    assert found.months[0].churn_rate is None


def test_without_quiet_days_both_rates_are_the_same():
    found = effect([35], [], a=orders(20, 48), b=orders(20))
    assert (found.periods, found.changed, found.months[1].churn_rate, found.months[1].without_quiet) == (0, 0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("moment", "zone", "month"),
    [
        ("2024-01-31T15:59:00+00:00", "Asia/Shanghai", 1),
        ("2024-01-31T16:00:00+00:00", "Asia/Shanghai", 2),
        ("2023-12-31T23:00:00+00:00", "UTC", 12),
    ],
)
def test_months_are_read_on_the_local_calendar(moment, zone, month):
    instants = at([instant_of(moment_of(0).fromisoformat(moment)) / 86_400_000_000])
    assert in_days(instants) and months_of(instants, zone).tolist() == [month]
