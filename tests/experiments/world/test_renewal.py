"""Expected orders of a renewal process, against simulating it."""

import numpy as np
import pytest

from experiments.world.renewal import FAR, curves_of, still_none

RUNS = 60_000


def simulated(spread: float, age: float, time: float) -> tuple[float, float, float]:
    """Mean orders within `time`, its error, share of runs without one."""
    rng = np.random.default_rng(0)
    gaps = np.exp(spread * rng.standard_normal(20 * RUNS) - spread**2 / 2)
    at = gaps[gaps > age][:RUNS] - age
    none, orders = float((at > time).mean()), (at <= time).astype(float)
    while (at <= time).any():
        at = at + np.exp(spread * rng.standard_normal(len(at)) - spread**2 / 2)
        orders += at <= time
    return float(orders.mean()), float(orders.std() / np.sqrt(len(orders))), none


@pytest.mark.parametrize(("spread", "age"), [(0.3, 0.0), (0.3, 0.8), (0.7, 0.5), (1.1, 2.0)])
@pytest.mark.parametrize("time", [0.5, 3.0, 9.0])
def test_expected_orders_are_those_of_a_simulation(spread, age, time):
    wanted, error, none = simulated(spread, age, time)
    ages, spreads, times = np.array([age]), np.array([spread]), np.array([time])
    got = curves_of(ages, spreads).expected(np.array([0]), times)[0]
    assert abs(got - wanted) < 4 * error + 0.002
    assert still_none(ages, times, spreads)[0] == pytest.approx(none, abs=0.01)


def test_far_ahead_one_order_is_expected_per_unit():
    curves = curves_of(np.array([0.4]), np.array([0.5]))
    near, far = curves.expected(np.zeros(2, dtype=np.int64), np.array([FAR, FAR + 10]))
    assert far - near == pytest.approx(10.0, abs=1e-6)
