"""A small seeded company of stores with histories, for the tests of what learns from one.

Not evidence of anything: rates are chosen so that there is something to learn in a few seconds. Each account has its
own rhythm and size and a satisfaction that service failures, complaints, rivals and broken promises pull down and
contacts pull up; a falling satisfaction thins out orders first and then ends them.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta

import numpy as np
import pandas as pd
from borax.calendars.lunardate import LunarDate
from numpy.typing import NDArray

from kqml.calendar import DAY_US, local_midnight
from kqml.dataset import DatasetInfo, QuietPeriod

TIME_ZONE = "Asia/Shanghai"
START = date(2022, 1, 3)
SEGMENTS = ("pharmacy", "supermarket", "dealer")
REGIONS = ("north", "south", "east", "west")
TIER_SHARES = {"A": 0.15, "B": 0.35, "C": 0.5}

Floats = NDArray[np.float64]
WEEKLY = {
    "visit": (0.55, 0.06),
    "call": (0.35, 0.03),
    "message": (0.4, 0.02),
    "delivery_late": (0.05, -0.25),
    "invoice_error": (0.02, -0.15),
    "complaint": (0.02, -0.5),
    "promise_made": (0.06, 0.0),
    "promise_kept": (0.045, 0.1),
    "help_given": (0.05, 0.2),
    "competitor_seen": (0.02, -0.55),
}
"""Kind → mean number per account and week at satisfaction 0, what one does to satisfaction."""

CONTACTS = frozenset({"visit", "call", "message", "help_given"})
RECORD_LAG_DAYS = {"visit": 2.0}


@dataclass
class _Company:
    """The state of every account while the weeks pass."""

    rng: np.random.Generator
    size: Floats
    gap_days: Floats
    shape: Floats
    next_order: Floats
    satisfaction: Floats
    gone: NDArray[np.bool_]
    events: list[pd.DataFrame] = field(default_factory=list)


@dataclass(frozen=True)
class Histories:
    """The tables of a dataset with what `dataset.json` has to say of them."""

    accounts: pd.DataFrame
    reps: pd.DataFrame
    events: pd.DataFrame
    info: DatasetInfo


def make_histories(accounts: int = 2000, weeks: int = 156, seed: int = 0) -> Histories:
    """The histories of `accounts` stores over `weeks` weeks from START; the same bits for the same arguments."""
    rng = np.random.default_rng(seed)
    company = _found(rng, accounts)
    quiet = _spring_festivals(weeks)
    table = _accounts(rng, company.size)
    for week in range(weeks):
        _live_a_week(company, 7.0 * week, quiet)
    events = _events_table(company, table)
    reps = pd.DataFrame({"rep_id": sorted(table["owner_rep_id"].unique())})
    return Histories(table, reps, events, _info(quiet, accounts, weeks, seed))


def _found(rng: np.random.Generator, n: int) -> _Company:
    gap_days = np.clip(rng.lognormal(np.log(9.0), 0.5, n), 3.0, 35.0)
    return _Company(
        rng=rng,
        size=rng.lognormal(7.0, 0.8, n),
        gap_days=gap_days,
        shape=rng.uniform(1.5, 6.0, n),
        next_order=rng.uniform(0.0, 1.0, n) * gap_days,
        satisfaction=rng.normal(0.0, 0.5, n),
        gone=np.zeros(n, dtype=bool),
    )


def _spring_festivals(weeks: int) -> list[tuple[date, date]]:
    """Eight closed days from each eve of the lunar new year within the simulated time."""
    last = START + timedelta(weeks=weeks)
    eves = [LunarDate(year, 1, 1).to_solar_date() - timedelta(days=1) for year in range(START.year, last.year + 1)]
    return [(eve, eve + timedelta(days=8)) for eve in eves if eve >= START and eve + timedelta(days=8) <= last]


def _accounts(rng: np.random.Generator, size: Floats) -> pd.DataFrame:
    n = len(size)
    rank = np.argsort(np.argsort(-size)) / n
    region = rng.integers(0, len(REGIONS), n)
    return pd.DataFrame(
        {
            "account_id": [f"S{index:05d}" for index in range(n)],
            "tier": np.array(list(TIER_SHARES))[np.searchsorted(np.cumsum(list(TIER_SHARES.values())), rank, "right")],
            "segment": np.array(SEGMENTS)[rng.integers(0, len(SEGMENTS), n)],
            "region": np.array(REGIONS)[region],
            "owner_rep_id": [f"R{area}{number}" for area, number in zip(region, rng.integers(0, 5, n), strict=True)],
        }
    )


def _live_a_week(company: _Company, day: float, quiet: list[tuple[date, date]]) -> None:
    rng, alive = company.rng, ~company.gone
    shock = np.zeros(len(alive))
    for kind, (rate, push) in WEEKLY.items():
        expected = rate * np.where(alive, 1.0, 0.15) * (np.exp(-0.3 * company.satisfaction) if push < 0 else 1.0)
        counts = rng.poisson(expected)
        shock += push * counts
        _record(company, kind, np.repeat(np.arange(len(counts)), counts), day)
    drift = -0.06 * (company.satisfaction + 0.25)
    company.satisfaction += drift + shock + rng.normal(0.0, 0.08, len(alive))
    _place_orders(company, day + 7.0, quiet)
    hazard = 0.004 * np.exp(-1.5 * np.clip(company.satisfaction, -3.0, 2.0))
    company.gone |= rng.random(len(alive)) < hazard


def _record(company: _Company, kind: str, account: NDArray[np.int64], day: float) -> None:
    hours = company.rng.uniform(9.0, 18.0, len(account)) / 24.0
    moments = day + company.rng.integers(0, 6, len(account)) + hours
    company.events.append(pd.DataFrame({"account": account, "day": moments, "kind": kind}))


def _place_orders(company: _Company, until: float, quiet: list[tuple[date, date]]) -> None:
    rng = company.rng
    while len(due := np.flatnonzero((company.next_order < until) & ~company.gone)):
        moment = company.next_order[due]
        for start, end in quiet:
            first, last = (start - START).days, (end - START).days
            moment = np.where((moment >= first) & (moment < last), moment + (last - first), moment)
        mood = np.exp(0.35 * np.clip(company.satisfaction[due], -2.0, 1.0))
        amount = company.size[due] * mood * rng.lognormal(0.0, 0.3, len(due))
        lines = 1 + rng.poisson(4.0 * mood)
        placed = moment < until
        order = {"account": due, "day": moment, "kind": "order", "amount": amount.round(2), "lines": lines}
        company.events.append(pd.DataFrame(order)[placed])
        back = placed & (rng.random(len(due)) < 0.02)
        goods_back = {"account": due, "day": moment + 2.0, "kind": "return", "amount": (0.2 * amount).round(2)}
        company.events.append(pd.DataFrame(goods_back)[back])
        gap = rng.gamma(company.shape[due]) / company.shape[due] * company.gap_days[due] / mood
        company.next_order[due] = np.where(placed, moment + np.maximum(gap, 0.5), moment)


def _events_table(company: _Company, accounts: pd.DataFrame) -> pd.DataFrame:
    table = pd.concat(company.events, ignore_index=True).sort_values(["account", "day", "kind"], kind="stable")
    origin = local_midnight(START, TIME_ZONE)
    occurred = origin + (table["day"].to_numpy() * DAY_US).astype(np.int64) // 1_000_000 * 1_000_000
    lag = (table["kind"].map(RECORD_LAG_DAYS).fillna(0.0).to_numpy() * DAY_US).astype(np.int64)
    contact = table["kind"].isin(CONTACTS).to_numpy()
    account = table["account"].to_numpy()
    events = pd.DataFrame(
        {
            "event_id": [f"E{index:08d}" for index in range(len(table))],
            "account_id": accounts["account_id"].to_numpy()[account],
            "occurred_at": pd.to_datetime(occurred, unit="us", utc=True),
            "known_at": pd.to_datetime(occurred + lag, unit="us", utc=True),
            "kind": table["kind"].to_numpy(),
            "amount": table["amount"].to_numpy(),
            "lines": table["lines"].to_numpy(dtype=np.float64),
        }
    )
    events["rep_id"] = accounts["owner_rep_id"].to_numpy()[account]
    events["rep_id"] = events["rep_id"].where(pd.Series(contact))
    return events


def _info(quiet: list[tuple[date, date]], accounts: int, weeks: int, seed: int) -> DatasetInfo:
    return DatasetInfo(
        time_zone=TIME_ZONE,
        currency="CNY",
        quiet_periods=tuple(QuietPeriod(str(start), str(end), "Spring Festival") for start, end in quiet),
        record_lags={kind: {"days": days} for kind, days in RECORD_LAG_DAYS.items()},
        source={"generator": "experiments.generator", "accounts": accounts, "weeks": weeks, "seed": seed},
    )
