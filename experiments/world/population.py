"""The accounts: what never changes about them."""

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from experiments.world.draws import Draws, Floats, Indices
from experiments.world.parameters import FittedMarginals

SEGMENTS = ("pharmacy", "supermarket", "dealer")
SEGMENT_SHARES = (0.6, 0.3, 0.1)
TIERS = ("A", "B", "C")
TIER_SHARES = (0.15, 0.35, 0.5)
NEED = np.array([0.95, 0.5, 0.22])
"""Contact dose per week that keeps closeness near 1, by tier."""

NEWCOMERS = 0.14
"""Share of the accounts that open while the world runs."""


@dataclass(frozen=True)
class Traits:
    """What each account is like; arrays of one length. `size`: the median amount of an order; `norm`: log of the weekly
    sales to be expected; `middle`: the median of `norm` in any world."""

    seat: Indices
    region: NDArray[np.int8]
    segment: NDArray[np.int8]
    tier: NDArray[np.int8]
    rate: Floats
    size: Floats
    gap_spread: Floats
    size_spread: Floats
    norm: Floats
    middle: Floats
    need: Floats
    fit: Floats
    tolerance: Floats
    price_sense: Floats
    far: Floats
    margin_rate: Floats
    opens: Indices
    handed_over: Indices
    route_day: Floats
    two_days: NDArray[np.bool_]
    off_route: Floats
    consent: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.rate)

    def take(self, index: Any) -> "Traits":
        return Traits(**{name: value[index] for name, value in vars(self).items()})


@dataclass(frozen=True)
class SizeShape:
    """How large a world is: accounts, seats, weeks that are meant to be lived."""

    accounts: int
    reps: int
    weeks: int


def seat_of(shape: SizeShape, accounts: Indices) -> Indices:
    """Accounts next to each other share a seat, so that a block of seats is a block of accounts."""
    return accounts * shape.reps // shape.accounts


def make_traits(
    draws: Draws,
    accounts: Indices,
    shape: SizeShape,
    region_of_seat: NDArray[np.int8],
    fitted: FittedMarginals,
    margins: Floats,
) -> Traits:
    """The accounts with these numbers. `margins`: margin rate of each of SEGMENTS."""
    seat, opens = seat_of(shape, accounts), _openings(draws, shape)
    handed_over = _handovers(draws, opens, seat)
    source = np.arange(len(accounts)) - np.append(False, handed_over[:-1] >= 0)
    rhythm = {name: trait[source] for name, trait in _rhythm(draws, fitted).items()}
    yearly = np.log(rhythm["rate"] * rhythm["size"]) + rhythm["size_spread"] ** 2 / 2
    tier, reference = tier_of(yearly, fitted), _reference(fitted)
    segment = np.searchsorted(np.cumsum(SEGMENT_SHARES)[:-1], draws.uniform("segment")[source], side="right")
    return Traits(
        seat=seat,
        region=region_of_seat[seat - seat.min()],
        segment=segment.astype(np.int8),
        tier=tier,
        norm=yearly,
        middle=np.full(len(accounts), np.median(reference)),
        need=NEED[tier] * draws.lognormal(1.0, 0.3, "need"),
        fit=0.3 * draws.normal("fit"),
        tolerance=draws.lognormal(4.0, 0.35, "tolerance"),
        price_sense=draws.lognormal(1.0, 0.5, "price_sense"),
        far=draws.lognormal(20.0, 0.5, "far"),
        margin_rate=margins[segment],
        opens=opens,
        handed_over=handed_over,
        route_day=np.floor(5 * draws.uniform("route_day")),
        two_days=draws.uniform("two_days") < fitted.second_day,
        off_route=np.full(len(accounts), fitted.off_route),
        consent=draws.uniform("consent") > 0.04,
        **rhythm,
    )


def _rhythm(draws: Draws, fitted: FittedMarginals) -> dict[str, Floats]:
    """The four fitted traits, joined by a Gaussian copula."""
    independent = np.column_stack([draws.normal("rhythm", index=position + 1) for position in range(4)])
    probabilities = ndtr(independent @ np.linalg.cholesky(np.array(fitted.correlation)).T)
    tables = (fitted.order_rate, fitted.order_size, fitted.gap_spread, fitted.size_spread)
    results = [_from_table(table, probabilities[:, position]) for position, table in enumerate(tables)]
    return dict(zip(("rate", "size", "gap_spread", "size_spread"), results, strict=True))


def _from_table(table: tuple[float, ...], probability: Floats) -> Floats:
    indices = (np.arange(len(table)) + 0.5) / len(table)
    return np.asarray(np.interp(probability, indices, np.array(table)), dtype=np.float64)


def tier_of(log_sales: Floats, fitted: FittedMarginals) -> NDArray[np.int8]:
    """0 for A, 1 for B, 2 for C: by the index of log weekly sales among the accounts of any world, so that a tier does
    not depend on who else is simulated."""
    reference = _reference(fitted)
    below = 1 - np.searchsorted(reference, log_sales) / len(reference)
    return np.searchsorted(np.cumsum(TIER_SHARES)[:-1], below, side="right").astype(np.int8)


@cache
def _reference(fitted: FittedMarginals) -> Floats:
    others = _rhythm(Draws.of(0, "reference", np.arange(4000, dtype=np.int64)), fitted)
    return np.sort(np.log(others["rate"] * others["size"]) + others["size_spread"] ** 2 / 2)


def _openings(draws: Draws, shape: SizeShape) -> Indices:
    """The week in which each account opens: most of them years before the world begins."""
    share = draws.uniform("opens")
    during = (share / NEWCOMERS * 0.85 * shape.weeks).astype(np.int64) + 1
    before = -30 - (draws.uniform("opened_before") * 400).astype(np.int64)
    return np.where(share < NEWCOMERS, during, before)


def _handovers(draws: Draws, opens: Indices, seat: Indices) -> Indices:
    """The week in which an account is transferred to its right neighbour, a newcomer of the same seat; else −1."""
    newcomer = (opens > 0) & (draws.uniform("successor") < 0.15)
    follows = np.append(newcomer[1:] & (seat[1:] == seat[:-1]), False) & (opens <= 0)
    return np.where(follows, np.append(opens[1:], -1), -1)
