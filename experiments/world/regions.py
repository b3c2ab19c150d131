"""The regions: competitors' pressure, the state of logistics, prices, promotions, the market."""

from dataclasses import dataclass

import numpy as np

from experiments.world.almanac import BURN_IN
from experiments.world.draws import Draws, Flags, Floats

NAMES = ("central", "east", "north", "northwest", "south", "southwest")


@dataclass(frozen=True)
class Regions:
    """Arrays of regions × weeks (from −BURN_IN on): chance per week that a competitor starts to court a store, factor
    on failures of delivery, a price rise in that week, a promotion in that week, factor on order sizes."""

    pressure: Floats
    stress: Floats
    price_rise: Flags
    promotion: Flags
    market: Floats


@dataclass(frozen=True)
class RegionRules:
    """What a scenario may change: a shock to the market or a competitor's entry, from a week on, in one region."""

    shock_from: int | None = None
    entry_from: int | None = None
    where: int = 1


def make_regions(seed: int, weeks: int, rules: RegionRules) -> Regions:
    """The regions' life of `weeks` weeks; more weeks add to it and change nothing before."""
    draws = Draws.of(seed, "region", np.arange(len(NAMES), dtype=np.int64))
    total = weeks + BURN_IN
    pressure, stress, market = (_wave(draws, total, purpose) for purpose in ("pressure", "stress", "market"))
    price = np.column_stack([draws.happens(2.5 / 52.0, "price", index) for index in range(total)])
    promotion = np.column_stack([draws.happens(4.0 / 52.0, "promotion", index) for index in range(total)])
    result = Regions(
        pressure=0.006 * np.exp(0.6 * pressure),
        stress=np.exp(0.7 * stress),
        price_rise=price,
        promotion=promotion,
        market=np.exp(0.03 * market),
    )
    _strike(result, rules)
    return result


def _wave(draws: Draws, total: int, purpose: str) -> Floats:
    """A stationary first-order autoregression with variance 1, a memory of about ten weeks."""
    waves = [draws.normal(purpose, 0)]
    for index in range(1, total):
        waves.append(0.9 * waves[-1] + np.sqrt(1 - 0.9**2) * draws.normal(purpose, index))
    return np.column_stack(waves)


def _strike(regions: Regions, rules: RegionRules) -> None:
    if rules.shock_from is not None:
        start = rules.shock_from + BURN_IN
        regions.market[rules.where, start : start + 26] *= 0.65
    if rules.entry_from is not None:
        regions.pressure[rules.where, rules.entry_from + BURN_IN :] *= 4.0
