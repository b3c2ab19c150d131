"""Prices of capacity and floors per rep, with the bound that they prove (Lagrangian relaxation; Fisher 1981).

For prices λ ≥ 0 of resources, μ ≥ 0 of floors, L(λ, μ) = Σᵢ maxₖ (vᵢₖ − λ·costₖ + μ·countᵢₖ) + λ·capacity − μ·floor is
at least the value of every plan that keeps to capacities and floors. Subgradient steps of Polyak's length lower it.
"""

from dataclasses import dataclass

import numpy as np

from models.policy.allocation.padded_batch import PaddedBatch
from models.policy.allocation.problem import Flags, Floats, Indices
from models.policy.allocation.repair import repair

ROUNDS, STEPS = 6, 20
CLOSE_ENOUGH = 1e-3
"""Relative gap between bound and best plan at which a rep stops, checked after each round of STEPS."""

PATIENCE = 6
"""Steps without progress after which the step length is halved."""

AIM_SHARE = 0.02
"""How far below the bound, relatively, the target of Polyak's step lies until a feasible plan is known."""

PRICE_INCREASES = (0.01, 0.02, 0.04, 0.07, 0.1, 0.15, 0.2, 0.35, 0.6, 1.2)
"""Relative increases of the best prices that are tried at the end to find feasible plans."""


@dataclass(frozen=True)
class Prices:
    """`resource` (R × RESOURCES): money per minute, stop, unit of money. `floor` (R × T × C): money per due contact."""

    resource: Floats
    floor: Floats

    def take(self, reps: Indices) -> "Prices":
        return Prices(self.resource[reps], self.floor[reps])


@dataclass
class SubgradientState:
    """The state of the search of r reps.

    `prices`: the current ones. `bound` (r): the lowest so far, with its prices `best`. `choice` (r × m): the best
    feasible plan, with its value `worth` (r; −inf without one). `step_scale` (r): factor of the step length. `stalled`
    (r): steps without progress.
    """

    prices: Prices
    bound: Floats
    best: Prices
    choice: Indices
    worth: Floats
    step_scale: Floats
    stalled: Indices

    def take(self, reps: Indices) -> "SubgradientState":
        """Return the state of some reps."""
        arrays = {name: getattr(self, name)[reps] for name in ARRAYS}
        return SubgradientState(prices=self.prices.take(reps), best=self.best.take(reps), **arrays)

    def put(self, reps: Indices, part: "SubgradientState") -> None:
        """Copy the state `part` of `reps` into this one."""
        for name in ARRAYS:
            getattr(self, name)[reps] = getattr(part, name)
        for whole, own in ((self.prices, part.prices), (self.best, part.best)):
            whole.resource[reps], whole.floor[reps] = own.resource, own.floor


ARRAYS = ("bound", "choice", "worth", "step_scale", "stalled")


def find_prices(batch: PaddedBatch, start: Prices, rounds: int = ROUNDS) -> SubgradientState:
    """Search from the prices `start`, every rep independently; return the final state."""
    whole = _initial_state(batch, start)
    moving = np.arange(len(batch.reps))
    for _ in range(rounds):
        subset, state = batch.take(moving), whole.take(moving)
        for _ in range(STEPS):
            _ascend(subset, state)
        whole.put(moving, state)
        # Reps that are proven well enough leave the batch; stragglers do not keep all others iterating.
        moving = moving[state.bound - state.worth > CLOSE_ENOUGH * np.abs(state.bound)]
        if not len(moving):
            return whole
    subset, state = batch.take(moving), whole.take(moving)
    _try_raised_prices(subset, state)
    whole.put(moving, state)
    return whole


def _try_raised_prices(batch: PaddedBatch, state: SubgradientState) -> None:
    """Try prices above the best ones for feasible plans; where none is found, repair the plan at the best prices."""
    for increase in PRICE_INCREASES:
        # At the optimal prices a plan typically overruns by its last action. Slightly dearer hours leave out just that
        # one.
        raised = Prices(state.best.resource * (1 + increase), state.best.floor * (1 + increase))
        _update_best(batch, state, best_responses(batch, raised)[0])
    _repair_missing(batch, state)


def _repair_missing(batch: PaddedBatch, state: SubgradientState) -> None:
    """Repair the plan at the best prices of reps without a feasible plan."""
    missing = np.flatnonzero(~np.isfinite(state.worth))
    if len(missing):
        subset = batch.take(missing)
        choice = state.choice.copy()
        choice[missing] = repair(subset, best_responses(subset, state.best.take(missing))[0])
        _update_best(batch, state, choice)


def best_responses(batch: PaddedBatch, prices: Prices) -> tuple[Indices, Floats]:
    """Return the choice (r × m) that maximises the priced value, and L (r)."""
    choice = np.zeros(batch.row.shape, dtype=np.int64)
    best = np.full(batch.row.shape, -np.inf)
    for action in range(len(batch.value)):
        priced = batch.value[action] - _charge(batch, prices, action) + _bonus(batch, prices, action)
        # Strictly better: on a tie the earlier action wins, `wait` first, so that the answer does not depend on
        # rounding.
        better = priced > best
        choice[better] = action
        best = np.where(better, priced, best)
    fixed = (prices.resource * batch.capacity).sum(axis=1) - (prices.floor * batch.floor).sum(axis=(1, 2))
    return choice, best.sum(axis=1) + fixed


def _charge(batch: PaddedBatch, prices: Prices, action: int) -> Floats:
    """Return r × m: the cost of an action at these prices."""
    resources = range(prices.resource.shape[1])
    return sum((prices.resource[:, x, None] * batch.cost[x, action] for x in resources), start=np.zeros(1))


def _bonus(batch: PaddedBatch, prices: Prices, action: int) -> Floats | float:
    # Most companies set no floors; the sum over tiers and channels is then skipped altogether.
    if not batch.floored:
        return 0.0
    row = np.arange(len(batch.reps))[:, None]
    channels = range(batch.floor.shape[2])
    return sum((prices.floor[row, batch.tier, c] * batch.counted[c, action] for c in channels), start=np.zeros(1))


def _initial_state(batch: PaddedBatch, start: Prices) -> SubgradientState:
    reps = len(batch.reps)
    return SubgradientState(
        prices=Prices(start.resource.copy(), start.floor.copy()),
        bound=np.full(reps, np.inf),
        best=Prices(start.resource.copy(), start.floor.copy()),
        choice=np.zeros(batch.row.shape, dtype=np.int64),
        worth=np.full(reps, -np.inf),
        step_scale=np.ones(reps),
        stalled=np.zeros(reps, dtype=np.int64),
    )


def _ascend(batch: PaddedBatch, state: SubgradientState) -> None:
    """Evaluate the prices and move them by one subgradient step."""
    choice, result = best_responses(batch, state.prices)
    # Progress below 1e-6 of the bound does not count, else a search that crawls would never be halved.
    better = result < state.bound - 1e-6 * np.abs(state.bound, where=np.isfinite(state.bound), out=np.ones(len(result)))
    state.best = _select(result < state.bound, state.prices, state.best)
    state.bound = np.minimum(result, state.bound)
    state.stalled = np.where(better, 0, state.stalled + 1)
    # Held, Wolfe & Crowder 1974: after some steps without progress halve the step and return to the best prices.
    exhausted = state.stalled >= PATIENCE
    state.step_scale = np.where(exhausted, state.step_scale / 2, state.step_scale)
    state.stalled = np.where(exhausted, 0, state.stalled)
    state.prices = _select(exhausted, state.best, state.prices)
    _update_best(batch, state, choice)
    state.prices = _select(~exhausted, _next_prices(batch, state, choice, result), state.prices)


def _update_best(batch: PaddedBatch, state: SubgradientState, choice: Indices) -> None:
    worth = np.where(batch.fits(choice), batch.worth(choice), -np.inf)
    better = worth > state.worth
    state.choice = np.where(better[:, None], choice, state.choice)
    state.worth = np.maximum(worth, state.worth)


def _next_prices(batch: PaddedBatch, state: SubgradientState, choice: Indices, result: Floats) -> Prices:
    """Return the prices after a step against the subgradient, in units of each capacity and floor.

    Step length: (L − target) / ‖subgradient‖², times `step_scale` (Polyak 1969).
    """
    # Minutes, stops and money differ by orders of magnitude: in shares of capacity one step length serves all of them.
    scale = np.where(batch.capacity > 0, batch.capacity, 1.0)
    slack = (batch.capacity - batch.used(choice)) / scale
    # Spare capacity at price 0 cannot lower the bound (the price stays at 0): projecting it out of the subgradient
    # keeps it from inflating the step's length.
    slack[(slack > 0) & (state.prices.resource <= 0)] = 0.0
    unit = np.maximum(batch.floor, 1.0)
    over = (batch.served(choice) - batch.floor) / unit if batch.floored else np.zeros_like(batch.floor)
    # The same for floors that are overfulfilled.
    over[(over > 0) & (state.prices.floor <= 0)] = 0.0
    # Polyak's step needs the optimal value; the best plan known stands in for it, or a guess below the bound.
    target = np.where(np.isfinite(state.worth), state.worth, state.bound - AIM_SHARE * np.abs(state.bound))
    length = (slack**2).sum(axis=1) + (over**2).sum(axis=(1, 2))
    step = state.step_scale * np.maximum(result - target, 0.0) / np.where(length > 0, length, 1.0)
    return Prices(
        np.maximum(state.prices.resource - step[:, None] * slack / scale, 0.0),
        np.maximum(state.prices.floor - step[:, None, None] * over / unit, 0.0),
    )


def _select(taken: Flags, first: Prices, second: Prices) -> Prices:
    return Prices(
        np.where(taken[:, None], first.resource, second.resource),
        np.where(taken[:, None, None], first.floor, second.floor),
    )
