"""The committed numbers still look like the real stores; the fit's tools say what they should."""

import numpy as np
import pytest

from experiments.world.fit.check import BOUNDS, check_fit
from experiments.world.fit.fitting import to_toml
from experiments.world.fit.marginals import OrderLog, distances, marginals_of
from experiments.world.parameters import FITS, read_fitted


def weekly_log(accounts: int = 3, weeks: int = 120) -> OrderLog:
    """Accounts that order every Monday for 100, 200, 300."""
    account = np.repeat(np.arange(accounts), weeks)
    day = np.tile(np.arange(weeks) * 7, accounts)
    return OrderLog(account, day, 100.0 * (account + 1), weeks * 7)


def rates_log(swap: bool, years: int = 6) -> OrderLog:
    """Two accounts, one ordering every 7 days, one every 14; with `swap` they change places every two years."""
    days = np.arange(0, years * 364, 7)
    fast = (days // 728) % 2 == 0 if swap else np.ones(len(days), dtype=bool)
    rare = days % 14 == 0
    parts = [days[fast | rare], days[~fast | rare]]
    account = np.repeat([0, 1], [len(part) for part in parts])
    return OrderLog(account, np.concatenate(parts), np.ones(len(account)), years * 364)


def months(log: OrderLog) -> np.ndarray:
    return np.arange(log.days) // 30 % 12


def test_marginals_of_a_regular_log():
    log = weekly_log()
    found = marginals_of(log, months(log))
    assert found.gaps[7] == 1.0
    assert found.gap_mean.tolist() == [1.0, 1.0, 1.0]
    assert found.gap_cv == pytest.approx([0.0, 0.0, 0.0], abs=1e-9)
    assert found.size.tolist() == [100.0, 200.0, 300.0]
    assert found.spread == pytest.approx([0.0, 0.0, 0.0], abs=1e-6)
    assert found.churn == {30: 0.0, 60: 0.0, 90: 0.0, 365: 0.0}
    assert found.top[0.5] == pytest.approx(0.5)


def test_rhythms_that_change_owners_do_not_persist():
    lasting, changing = (rates_log(swap) for swap in (False, True))
    assert marginals_of(lasting, months(lasting)).persistence == pytest.approx(1.0, abs=0.05)
    assert marginals_of(changing, months(changing)).persistence < -0.9


def test_a_log_is_at_no_distance_from_itself():
    regular = weekly_log()
    kept = (regular.account > 0) | (regular.day < 450)
    log = OrderLog(regular.account[kept], regular.day[kept], regular.amount[kept], regular.days)
    found = distances(marginals_of(log, months(log)), marginals_of(log, months(log)))
    assert set(found) == set(BOUNDS)
    assert {value for name, value in found.items() if not name.endswith("ratio")} == {0.0}
    assert {value for name, value in found.items() if name.endswith("ratio")} == {1.0}


@pytest.mark.parametrize("name", FITS)
def test_the_committed_numbers_are_what_the_writer_writes(name):
    fitted = read_fitted(name)
    assert len(fitted.order_rate) == len(fitted.size_spread) == 100
    assert list(fitted.order_size) == sorted(fitted.order_size)
    assert np.linalg.eigvalsh(np.array(fitted.correlation)).min() > 0
    assert f"base_hazard = {fitted.base_hazard:.5g}" in to_toml(fitted, name)


@pytest.mark.slow
@pytest.mark.needs_data
@pytest.mark.parametrize("name", FITS)
def test_the_world_stays_within_the_stated_distances_of_the_real_stores(name, data_dir, monkeypatch):
    monkeypatch.setenv("KQML_DATA_DIR", str(data_dir))
    found = check_fit(name)
    assert found.beyond == (), dict(found.distances)
