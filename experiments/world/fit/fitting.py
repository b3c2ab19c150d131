"""Fitting of the tables, the season and the hazard with which a world's orders look like real ones; its TOML file.

Matching by simulation: each table is corrected, quantile by quantile, by what the world made of it; the base
hazard by the share of accounts that order nothing in a year: in 90 days slow ones do not either.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.special import ndtri
from scipy.stats import rankdata

from experiments.world.draws import Floats
from experiments.world.fit.marginals import GONE, Marginals, marginals_of
from experiments.world.fit.sources import FIT_SHAPE, IOWA_START, WORLD_START, months, real_orders, world_orders
from experiments.world.parameters import TRAITS, FittedMarginals, draw_effects
from experiments.world.world import World, build_world

POINTS = 100
ROUNDS = 10
"""Corrections: later ones move nothing in the second digit."""

SLOWEST, FASTEST = 0.04, 4.0
SECOND_DAY, OFF_ROUTE = 0.08, 0.04
"""Share of accounts with a second route day, share of orders off the route (read off the shares of gaps by day)."""

CALMING = 0.12
"""How strongly too many silences of 90 days pull the spread of gaps down, against its own marginal."""

DRIFT_SPREAD, DRIFT_WEEKS = 0.38, 130.0
"""Of the log of an account's rate: set so that its half-years hang together as those of real stores do."""

STEADIEST, WILDEST = 0.12, 1.25


@dataclass(frozen=True)
class FitAttempt:
    """What a world with some numbers looks like."""

    fitted: FittedMarginals
    ours: Marginals


def fit(name: str, tell: Callable[[int], None] = lambda done: None) -> tuple[FittedMarginals, Marginals]:
    """The fitted numbers for the real orders called `name`, with the real marginals."""
    log = real_orders(name)
    real = marginals_of(log, months(log, IOWA_START))
    fitted = first_guess(real)
    for number in range(ROUNDS):
        attempt = FitAttempt(fitted, look(fitted))
        fitted = corrected(attempt, real)
        tell(number + 1)
    return fitted, real


def look(fitted: FittedMarginals, seed: int = 1) -> Marginals:
    """The marginals of the comparison world with these numbers."""
    log = world_orders(comparison_world(fitted, seed))
    return marginals_of(log, months(log, WORLD_START))


def comparison_world(fitted: FittedMarginals, seed: int) -> World:
    """A world in the middle of every range, without Spring Festival, with these fitted numbers."""
    world = build_world(FIT_SHAPE, seed, ("no_festival",), middle=True)
    return replace(world, fitted=fitted, effects=draw_effects(seed, fitted, middle=True))


def first_guess(real: Marginals) -> FittedMarginals:
    """Numbers read off the real marginals, before the world has had its say."""
    ranks = np.column_stack([_scores(-real.gap_mean), _scores(real.size), _scores(real.gap_cv), _scores(real.spread)])
    correlation = np.asarray(np.corrcoef(ranks.T)).round(4)
    return FittedMarginals(
        order_rate=_table(1.0 / np.maximum(real.gap_mean - 0.45, 0.5)),
        order_size=_table(real.size),
        gap_spread=_table(np.clip(real.gap_cv, STEADIEST, WILDEST)),
        size_spread=_table(real.spread),
        correlation=tuple(tuple(float(value) for value in row) for row in correlation),
        season=tuple(float(value) for value in real.season),
        second_day=SECOND_DAY,
        off_route=OFF_ROUTE,
        drift_spread=DRIFT_SPREAD,
        drift_weeks=DRIFT_WEEKS,
        base_hazard=0.0006,
    )


def corrected(attempt: FitAttempt, real: Marginals) -> FittedMarginals:
    """The numbers, each moved by the ratio of what is wanted to what came out."""
    fitted, ours = attempt.fitted, attempt.ours
    wanted_rate, simulated_rate = _quantiles(1.0 / real.gap_mean), _quantiles(1.0 / ours.gap_mean)
    wanted_cv, simulated_cv = _quantiles(real.gap_cv), _quantiles(ours.gap_cv)
    rate = np.array(fitted.order_rate) * (wanted_rate / simulated_rate) ** _exponent(np.array(fitted.order_rate))
    calmer = (real.churn[90] / ours.churn[90]) ** CALMING
    spread = np.array(fitted.gap_spread) * np.clip(wanted_cv / simulated_cv, 0.7, 1.4) ** 0.6 * calmer
    size = np.array(fitted.order_size) * _quantiles(real.size) / _quantiles(ours.size)
    noise = np.array(fitted.size_spread) * (_quantiles(real.spread) / _quantiles(ours.spread))
    season = np.array(fitted.season) * (real.season / ours.season) ** 0.7
    surplus = (real.churn[GONE] / ours.churn[GONE]) ** 1.2
    return replace(
        fitted,
        order_rate=_rising(np.clip(rate, SLOWEST, FASTEST)),
        gap_spread=_rising(np.clip(spread, STEADIEST, WILDEST)),
        order_size=_rising(size),
        size_spread=_rising(np.clip(noise, 0.02, 2.0)),
        season=tuple(float(value) for value in season / season.mean()),
        base_hazard=float(np.clip(fitted.base_hazard * surplus, 1e-5, 0.01)),
    )


def _exponent(rate: Floats) -> Floats:
    """Accounts that order every week anyway answer little to a higher rate, so corrections there may be larger."""
    return np.where(rate > 1.0, 1.5, 1.0)


def _scores(values: Floats) -> Floats:
    """Normal scores of the ranks."""
    return np.asarray(ndtri(rankdata(values) / (len(values) + 1)), dtype=np.float64)


def _quantiles(values: Floats) -> Floats:
    return np.asarray(np.quantile(values, (np.arange(POINTS) + 0.5) / POINTS), dtype=np.float64)


def _table(values: Floats) -> tuple[float, ...]:
    return _rising(_quantiles(values))


def _rising(values: Floats) -> tuple[float, ...]:
    return tuple(float(value) for value in np.sort(values))


def to_toml(fitted: FittedMarginals, name: str) -> str:
    """The file's text; numbers have five significant digits."""
    lines = [
        f"# Fitted to the Iowa store orders ({name}) by `python -m experiments.world.fit {name}`; not to be edited.",
        f"second_day = {fitted.second_day:.5g}",
        f"off_route = {fitted.off_route:.5g}",
        f"drift_spread = {fitted.drift_spread:.5g}",
        f"drift_weeks = {fitted.drift_weeks:.5g}",
        f"base_hazard = {fitted.base_hazard:.5g}",
        f"season = [{_row(fitted.season)}]",
        "correlation = [",
        *(f"  [{_row(row)}]," for row in fitted.correlation),
        "]",
        "",
        "# A trait's values at equally spaced chances.",
        "[tables]",
        *(f"{trait} = [{_row(getattr(fitted, trait))}]" for trait in TRAITS),
    ]
    return "\n".join(lines) + "\n"


def write_numbers(fitted: FittedMarginals, name: str, folder: Path) -> Path:
    path = folder / f"fitted_{name}.toml"
    path.write_text(to_toml(fitted, name), encoding="utf-8")
    return path


def _row(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:.5g}" for value in values)
