"""The churn flags: settings where not given, one refusal for everything impossible."""

import pytest
from hand_made import in_days, made_context, made_log, orders

from features.churn_definition import ChurnDefinition
from kqml.errors import BadUse
from kqml.settings import ChurnSettings
from serve.usecases.churn_request import ChurnRequest


def test_without_flags_the_settings_speak():
    grid = ChurnRequest().grid(ChurnSettings(horizon=60, gap=7, every=14, min_orders=2, active_within=120))
    assert grid.definition == ChurnDefinition(horizon=60, gap=7, min_orders=2, active_within=120, personal_k=2.7)
    assert (grid.every_days, grid.start) == (14, None)


def test_a_given_flag_wins_even_when_it_is_zero():
    grid = ChurnRequest(gap=0, every=30, start="2013-02-04", personal_k=3.0).grid(ChurnSettings())
    assert (grid.definition.gap, grid.definition.personal_k) == (0, 3.0)
    assert (grid.every_days, grid.start) == (30, "2013-02-04")


def test_impossible_values_are_refused_together():
    with pytest.raises(BadUse, match="is not valid") as raised:
        ChurnRequest(horizon=0, min_orders=0).grid(ChurnSettings())
    assert [fault.where for fault in raised.value.faults] == ["churn.horizon", "churn.min_orders"]


def test_the_grid_begins_where_asked():
    log = made_log({"a": orders(0, 100)})
    grid = ChurnRequest(horizon=20, gap=0, every=10, start="1970-03-02").grid(ChurnSettings())
    assert in_days(grid.cutoffs(log, made_context(log), 0.0)) == [60, 70, 80]
