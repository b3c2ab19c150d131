"""What an account brings if it stays, what an action is worth after its cost."""

import numpy as np
import pytest

from features.rows import Rows
from kqml.calendar.business_time import DAY_US
from kqml.history.builders import event_log_of
from models.value.expected import LEAST_ROWS, Trailing, fit_value, trailing_of
from models.value.margins import net_amounts
from models.value.net import net_values


def event(day, kind, amount, known=None):
    return {"occurred_at": day * DAY_US, "known_at": (known or day) * DAY_US, "kind": kind, "amount": amount}


def test_amounts_are_net_half_open_and_as_known_then():
    log = event_log_of(
        {
            "a": [
                event(10, "order", 100.0),
                event(12, "return", 30.0),
                event(20, "order", 7.0),
                event(15, "visit", 5.0),
            ],
            "b": [event(10, "order", 50.0, known=90)],
        }
    )
    start, end = (np.full(2, day * DAY_US) for day in (10, 20))
    account = np.array([0, 1], dtype=np.int32)
    assert net_amounts(log, account, start, end, 30 * DAY_US).tolist() == [70.0, 0.0]
    assert net_amounts(log, account, start, end, 91 * DAY_US).tolist() == [70.0, 50.0]


def test_the_trailing_margin_is_that_of_the_days_there_were():
    log = event_log_of(
        {
            "long": [event(1, "order", 1.0), *(event(day, "order", 36.5) for day in range(640, 1000, 36))],
            "new": [event(970, "order", 90.0)],
        }
    )
    rows = Rows(np.array([0, 1], dtype=np.int32), np.full(2, 1000 * DAY_US))
    found = trailing_of(log, rows, np.array([0.5, 0.2]), 90)
    assert found.margin == pytest.approx([10 * 36.5 * 0.5 / 365 * 90, 90 * 0.2])
    assert found.short.tolist() == [False, True]


def test_a_short_history_is_answered_by_its_trailing_mean():
    random = np.random.default_rng(0)
    values = random.normal(size=(2_000, 3))
    margin = np.exp(values[:, 0] + 3) * random.gamma(2.0, 0.5, 2_000)
    model = fit_value(values, margin, [])
    trailing = Trailing(np.full(2_000, 5.0), np.arange(2_000) % 2 == 0)
    found = model.predict(values, trailing)
    assert (found[::2] == 5.0).all()
    assert np.corrcoef(found[1::2], np.exp(values[1::2, 0]))[0, 1] > 0.9
    assert found[1::2].sum() == pytest.approx(margin[1::2].sum(), rel=0.1)


def test_too_few_rows_fit_nothing():
    model = fit_value(np.zeros((LEAST_ROWS - 1, 2)), np.ones(LEAST_ROWS - 1), [])
    trailing = Trailing(np.array([3.0, 4.0]), np.array([False, False]))
    assert model.predict(np.zeros((2, 2)), trailing).tolist() == [3.0, 4.0]


def test_an_action_is_charged_its_minutes_and_its_money_once():
    effect, same = np.array([[0.0, 100.0], [0.0, 20.0]]), np.array([[0, 0, 0], [50, 1, 15.0]])
    assert net_values(effect, same, 1.2).tolist() == [[0.0, 100 - 60 - 15], [0.0, 20 - 60 - 15]]
    own = np.stack([same, [[0, 0, 0], [10, 1, 3.0]]])
    assert net_values(effect, own, 1.2).tolist() == [[0.0, 100 - 60 - 15], [0.0, 20 - 12 - 3]]
