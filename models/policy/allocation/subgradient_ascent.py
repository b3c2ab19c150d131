"""Prices of hours and floors per rep, with the bound that they prove (Lagrangian relaxation; Fisher 1981).

For prices λ ≥ 0 of resources, μ ≥ 0 of floors, L(λ, μ) = Σᵢ maxₖ (vᵢₖ − λ·costₖ + μ·countᵢₖ) + λ·capacity − μ·floor is
at least the value of every plan that keeps to capacities and floors. Subgradient steps of Polyak's length lower it.
"""

from dataclasses import dataclass

import numpy as np

from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import Flags, Floats, Indices
from models.policy.allocation.repair import repair

ROUNDS, STEPS = 6, 20
CLOSE = 1e-3
"""A rep whose bound is so close to its best plan, relatively, rests at the end of a round of STEPS."""

PATIENCE = 6
GREED = 0.02
"""How far below the bound the aim lies, relatively, until a plan is known."""

SHADES = (0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.35, 0.6, 1.2)
"""By how much prices are raised at the end to find plans that fit."""


@dataclass(frozen=True)
class Prices:
    """`resource` (R × RESOURCES): money per minute, stop, unit of money. `floor` (R × T × C): per owed contact."""

    resource: Floats
    floor: Floats

    def take(self, reps: Indices) -> "Prices":
        return Prices(self.resource[reps], self.floor[reps])


@dataclass
class SubgradientState:
    """The state of a search: prices, the lowest bound with its prices, the best plan that fits (worth −inf without)."""

    prices: Prices
    bound: Floats
    best: Prices
    choice: Indices
    worth: Floats
    eagerness: Floats
    waited: Indices

    def take(self, reps: Indices) -> "SubgradientState":
        """The search of some reps."""
        arrays = {name: getattr(self, name)[reps] for name in ARRAYS}
        return SubgradientState(prices=self.prices.take(reps), best=self.best.take(reps), **arrays)

    def put(self, reps: Indices, part: "SubgradientState") -> None:
        """Takes over what `part` found for `reps`."""
        for name in ARRAYS:
            getattr(self, name)[reps] = getattr(part, name)
        for whole, own in ((self.prices, part.prices), (self.best, part.best)):
            whole.resource[reps], whole.floor[reps] = own.resource, own.floor


ARRAYS = ("bound", "choice", "worth", "eagerness", "waited")


def find_prices(cells: PaddedBatch, start: Prices, rounds: int = ROUNDS) -> SubgradientState:
    """Searches from `start`; every rep for itself."""
    whole = _begin(cells, start)
    moving = np.arange(len(cells.reps))
    for _ in range(rounds):
        some, climb = cells.take(moving), whole.take(moving)
        for _ in range(STEPS):
            _step(some, climb)
        whole.put(moving, climb)
        # Reps that are proven well enough leave the batch; stragglers do not keep all others iterating.
        moving = moving[climb.bound - climb.worth > CLOSE * np.abs(climb.bound)]
        if not len(moving):
            return whole
    some, climb = cells.take(moving), whole.take(moving)
    _shade(some, climb)
    whole.put(moving, climb)
    return whole


def _shade(cells: PaddedBatch, climb: SubgradientState) -> None:
    """Looks for plans that fit at prices above the best ones; where none fits, mends the one at the best prices."""
    for shade in SHADES:
        # At the optimal prices a plan typically overruns by its last action. Slightly dearer hours leave out just that
        # one.
        raised = Prices(climb.best.resource * (1 + shade), climb.best.floor * (1 + shade))
        _remember(cells, climb, best_responses(cells, raised)[0])
    _repair_unknown(cells, climb)


def _repair_unknown(cells: PaddedBatch, climb: SubgradientState) -> None:
    """Where no plan fitted, mends the one that answers to the best prices."""
    unknown = np.flatnonzero(~np.isfinite(climb.worth))
    if len(unknown):
        some = cells.take(unknown)
        choice = climb.choice.copy()
        choice[unknown] = repair(some, best_responses(some, climb.best.take(unknown))[0])
        _remember(cells, climb, choice)


def best_responses(cells: PaddedBatch, prices: Prices) -> tuple[Indices, Floats]:
    """The choice (r × m) that is best at these prices, and L (r)."""
    choice = np.zeros(cells.row.shape, dtype=np.int64)
    best = np.full(cells.row.shape, -np.inf)
    for package in range(len(cells.value)):
        priced = cells.value[package] - _charge(cells, prices, package) + _bonus(cells, prices, package)
        # Strictly better: on a tie the earlier action wins, `wait` first, so that the answer does not depend on
        # rounding.
        better = priced > best
        choice[better] = package
        best = np.where(better, priced, best)
    fixed = (prices.resource * cells.capacity).sum(axis=1) - (prices.floor * cells.floor).sum(axis=(1, 2))
    return choice, best.sum(axis=1) + fixed


def _charge(cells: PaddedBatch, prices: Prices, package: int) -> Floats:
    """r × m: what a package takes, at these prices."""
    resources = range(prices.resource.shape[1])
    return sum((prices.resource[:, x, None] * cells.cost[x, package] for x in resources), start=np.zeros(1))


def _bonus(cells: PaddedBatch, prices: Prices, package: int) -> Floats | float:
    # Most companies set no floors; the sum over tiers and channels is then skipped altogether.
    if not cells.floored:
        return 0.0
    row = np.arange(len(cells.reps))[:, None]
    channels = range(cells.floor.shape[2])
    return sum((prices.floor[row, cells.tier, c] * cells.counted[c, package] for c in channels), start=np.zeros(1))


def _begin(cells: PaddedBatch, start: Prices) -> SubgradientState:
    reps = len(cells.reps)
    return SubgradientState(
        prices=Prices(start.resource.copy(), start.floor.copy()),
        bound=np.full(reps, np.inf),
        best=Prices(start.resource.copy(), start.floor.copy()),
        choice=np.zeros(cells.row.shape, dtype=np.int64),
        worth=np.full(reps, -np.inf),
        eagerness=np.ones(reps),
        waited=np.zeros(reps, dtype=np.int64),
    )


def _step(cells: PaddedBatch, climb: SubgradientState) -> None:
    """One response and one move of the prices."""
    choice, result = best_responses(cells, climb.prices)
    # Progress below 1e-6 of the bound does not count, else a search that crawls would never be halved.
    better = result < climb.bound - 1e-6 * np.abs(climb.bound, where=np.isfinite(climb.bound), out=np.ones(len(result)))
    climb.best = _where(result < climb.bound, climb.prices, climb.best)
    climb.bound = np.minimum(result, climb.bound)
    climb.waited = np.where(better, 0, climb.waited + 1)
    # Held, Wolfe & Crowder 1974: after some steps without progress halve the step and return to the best prices.
    tired = climb.waited >= PATIENCE
    climb.eagerness = np.where(tired, climb.eagerness / 2, climb.eagerness)
    climb.waited = np.where(tired, 0, climb.waited)
    climb.prices = _where(tired, climb.best, climb.prices)
    _remember(cells, climb, choice)
    climb.prices = _where(~tired, _moved(cells, climb, choice, result), climb.prices)


def _remember(cells: PaddedBatch, climb: SubgradientState, choice: Indices) -> None:
    worth = np.where(cells.fits(choice), cells.worth(choice), -np.inf)
    better = worth > climb.worth
    climb.choice = np.where(better[:, None], choice, climb.choice)
    climb.worth = np.maximum(worth, climb.worth)


def _moved(cells: PaddedBatch, climb: SubgradientState, choice: Indices, result: Floats) -> Prices:
    """Prices after a step against the subgradient, in units of each capacity and floor."""
    # Minutes, stops and money differ by orders of magnitude: in shares of capacity one step length serves all of them.
    scale = np.where(cells.capacity > 0, cells.capacity, 1.0)
    slack = (cells.capacity - cells.used(choice)) / scale
    # Spare capacity at price 0 cannot lower the bound (the price stays at 0): projecting it out of the subgradient
    # keeps it from inflating the step's length.
    slack[(slack > 0) & (climb.prices.resource <= 0)] = 0.0
    unit = np.maximum(cells.floor, 1.0)
    over = (cells.served(choice) - cells.floor) / unit if cells.floored else np.zeros_like(cells.floor)
    # The same for floors that are overfulfilled.
    over[(over > 0) & (climb.prices.floor <= 0)] = 0.0
    # Polyak's step needs the optimal value; the best plan known stands in for it, or a guess below the bound.
    aim = np.where(np.isfinite(climb.worth), climb.worth, climb.bound - GREED * np.abs(climb.bound))
    length = (slack**2).sum(axis=1) + (over**2).sum(axis=(1, 2))
    step = climb.eagerness * np.maximum(result - aim, 0.0) / np.where(length > 0, length, 1.0)
    return Prices(
        np.maximum(climb.prices.resource - step[:, None] * slack / scale, 0.0),
        np.maximum(climb.prices.floor - step[:, None, None] * over / unit, 0.0),
    )


def _where(taken: Flags, one: Prices, other: Prices) -> Prices:
    return Prices(
        np.where(taken[:, None], one.resource, other.resource),
        np.where(taken[:, None, None], one.floor, other.floor),
    )
