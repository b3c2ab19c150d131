"""The seats of the sales force: who holds each one in each week, drawn before anything else lives."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.world.almanac import BURN_IN
from experiments.world.draws import Draws, Flags, Floats, Indices

TURNOVER_PER_YEAR = 0.2
VACANT_WEEKS = 3.5
NEW_WEEKS = 13
ESTABLISHED = 60
"""Weeks of tenure given to those who hold a seat when the world begins."""


@dataclass(frozen=True)
class Seats:
    """Arrays of seats × weeks (from −BURN_IN on): the holder's number in the seat's row of holders, weeks in the
    seat, whether it is empty, whether the holder left in this week; with what each holder is like.

    `faking`: share of visits only pretended. `pushy`: presses stock on stores at the end of a quarter.
    """

    region: NDArray[np.int8]
    holder: NDArray[np.int16]
    tenure: NDArray[np.int16]
    vacant: Flags
    left: Flags
    arrived: Flags
    skill: Floats
    diligence: Floats
    faking: Floats
    pushy: Floats
    lag_days: Floats

    def take(self, index: Any) -> "Seats":
        return Seats(**{name: value[index] for name, value in vars(self).items()})


@dataclass(frozen=True)
class SeatRules:
    """What a scenario may change about reps: the week from which a wave of departures runs, how many visits are
    faked, how pushy they are, how late they record."""

    wave_from: int | None = None
    fake_share: float | None = None
    pushy_chance: float = 0.06
    lag_days: float = 1.5


def make_seats(seed: int, seats: Indices, weeks: int, regions: int, rules: SeatRules) -> Seats:
    """The sales force of `weeks` weeks; more weeks add to it and change nothing before."""
    draws = Draws.of(seed, "seat", seats)
    tenures = _hold(draws, weeks, rules)
    holder = tenures["holder"]
    return Seats(
        region=(draws.uniform("region") * regions).astype(np.int8),
        skill=_of_holder(draws, holder, "skill", lambda z: np.exp(0.2 * z)),
        diligence=_of_holder(draws, holder, "diligence", lambda z: np.clip(0.85 + 0.15 * z, 0.4, 1.15)),
        faking=_of_holder(draws, holder, "honesty", lambda z: _faking(z, rules.fake_share)),
        pushy=_of_holder(draws, holder, "pushy", lambda z: np.where(z > 0.67, rules.pushy_chance, 0.0)),
        lag_days=_of_holder(draws, holder, "lag", lambda z: rules.lag_days * np.exp(0.5 * z)),
        **tenures,
    )


def _faking(z: Floats, share: float | None) -> Floats:
    """One rep in five fakes a fifth of the visits, the others one in fifty; or everybody the given share."""
    return np.where(z > 0.84, 0.2, 0.02) if share is None else np.clip(share + 0.1 * z, 0.0, 0.9)


def _of_holder(draws: Draws, holder: NDArray[np.int16], purpose: str, of: Any) -> Floats:
    columns = [of(draws.normal(purpose, index=holder[:, week].astype(np.int64))) for week in range(holder.shape[1])]
    return np.column_stack(columns)


def _hold(draws: Draws, weeks: int, rules: SeatRules) -> dict[str, Any]:
    """The life of each seat, week by week."""
    count, total = len(draws), weeks + BURN_IN
    holder, tenure = np.zeros((count, total), np.int16), np.zeros((count, total), np.int16)
    vacant, left, arrived = (np.zeros((count, total), bool) for _ in range(3))
    now, served, empty_for = np.zeros(count, np.int16), np.full(count, ESTABLISHED, np.int16), np.zeros(count, np.int16)
    for position in range(total):
        week = position - BURN_IN
        arrived[:, position] = empty_for == 1
        now, served = np.where(arrived[:, position], now + 1, now), np.where(arrived[:, position], 0, served)
        empty_for = np.maximum(empty_for - 1, 0)
        leaves = (empty_for == 0) & (served > 8) & draws.happens(_leaving_probability(week, rules), "leaves", week)
        weeks_empty = 1 + np.floor(-VACANT_WEEKS * np.log(draws.uniform("vacancy", week))).clip(0, 12)
        empty_for = np.where(leaves, weeks_empty, empty_for).astype(np.int16)
        holder[:, position], tenure[:, position], vacant[:, position], left[:, position] = (
            now,
            served,
            empty_for > 0,
            leaves,
        )
        served = served + 1
    return {"holder": holder, "tenure": tenure, "vacant": vacant, "left": left, "arrived": arrived}


def _leaving_probability(week: int, rules: SeatRules) -> float:
    usual = TURNOVER_PER_YEAR / 52.0
    in_wave = rules.wave_from is not None and rules.wave_from <= week < rules.wave_from + 6
    return 0.07 if in_wave else usual
