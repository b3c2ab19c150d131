"""Many last orders in one window are found, by all accounts or by group; usual churn, seasons and closures are not."""

import numpy as np
import pandas as pd
import pytest
from hand_made import made_log, orders

from kqml.history.mass_departures import find_mass_departures, spans_of

CUT, DAYS = 500, 900


def company(cut=(), *, accounts=240, hazard=0.0008, seed=0, gap=8, keep=lambda days: days >= 0, closed=False):
    """Accounts that order about every `gap` days and leave one by one; those in `cut` order nothing from day CUT on."""
    random = np.random.default_rng(seed)
    histories = {}
    for number in range(accounts):
        days = np.cumsum(random.uniform(0.6, 1.4, 2 * DAYS // gap) * gap)
        end = min(random.exponential(1 / hazard) if hazard else DAYS, CUT if number in cut else DAYS)
        history = orders(*days[(days < min(end, DAYS)) & keep(days)])
        histories[f"a{number:03}"] = [*history, (CUT + 1, "account_closed", 0)] if closed and number in cut else history
    return made_log({**histories, "last": [(DAYS, "visit", 0)]})


def groups(count=241, **columns):
    return pd.DataFrame({name: [value(number) for number in range(count)] for name, value in columns.items()})


def found(log, frame=None):
    return find_mass_departures(spans_of(log, "UTC"), frame)


@pytest.mark.parametrize("gap", [2, 8, 30])
@pytest.mark.parametrize("every", [1, 3])
def test_all_or_a_third_of_the_accounts_at_once_are_found_with_share_and_days(every, gap):
    (one,) = found(company(range(0, 240, every), gap=gap))
    assert one.column == ""
    assert one.share == pytest.approx(1 / every, abs=0.08)
    assert (pd.Timestamp(one.last) - pd.Timestamp(one.first)).days <= max(14, 3 * gap)


def test_a_group_that_stops_is_named():
    frame = groups(region=lambda n: "north" if n in range(48) else f"other {n % 3}", tier=lambda n: "ABC"[n % 3])
    (one,) = found(company(range(48)), frame)
    assert (one.column, one.value) == ("region", "north")
    assert one.share > 0.8


def test_a_small_group_is_found_although_all_others_go_on():
    frame = groups(segment=lambda n: "dealer" if n < 20 else "pharmacy")
    (one,) = found(company(range(20)), frame)
    assert (one.column, one.value, one.accounts <= 20) == ("segment", "dealer", True)


@pytest.mark.parametrize(
    "log",
    [
        company(),
        company(hazard=0.003),
        company(hazard=0),
        company(accounts=8, cut=range(8)),
        company(range(80), closed=True),
        company(hazard=0, keep=lambda days: days % 365 < 90),
        made_log({"a": [(1, "visit", 0)]}),
    ],
    ids=["usual churn", "much churn", "nobody leaves", "few accounts", "closed by events", "season", "no orders"],
)
def test_what_is_no_change_of_data_is_not_told(log):
    assert found(log, groups(len(log.accounts), region=lambda n: f"r{n % 4}")) == ()
