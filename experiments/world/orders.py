"""Orders: the rate and the size that a state gives, the days that a renewal process makes of them."""

from dataclasses import dataclass

import numpy as np

from experiments.world.draws import Draws, Flags, Floats, Indices
from experiments.world.parameters import WorldEffects
from experiments.world.population import Traits
from experiments.world.state import NONE, WorldState, gap_of
from experiments.world.weeks import Week

SLOW_MOVING, SHORT_OF_CASH, COURTED, ON_PROMOTION = 0.75, 0.85, 0.85, 1.08
RETURNED = 0.5
"""Share of an order's amount that comes back when something is returned."""


def mood(state: WorldState) -> Floats:
    """u of README §3: satisfaction, bounded where more of it changes nothing."""
    return np.clip(state.satisfaction, -2.5, 1.2)


def order_rate(effects: WorldEffects, traits: Traits, state: WorldState, week: Week) -> Floats:
    """λ: crossings per week of an account that is there and has not gone."""
    held_back = np.where(state.slow, SLOW_MOVING, 1.0) * np.where(state.overdue != NONE, SHORT_OF_CASH, 1.0)
    lift = np.exp(effects.rate_weight * mood(state) - 0.5 * state.glut + state.drift)
    return np.asarray(traits.rate * week.season * week.open_share * held_back * lift, dtype=np.float64)


def median_size(effects: WorldEffects, traits: Traits, state: WorldState, week: Week) -> Floats:
    """The median amount of a crossing; its mean is this times `mean_over_median`."""
    outside = week.market * np.where(week.promotion, ON_PROMOTION, 1.0) * np.where(state.courted != NONE, COURTED, 1.0)
    return np.asarray(traits.size * outside * np.exp(effects.size_weight * mood(state)), dtype=np.float64)


def mean_over_median(traits: Traits) -> Floats:
    return np.asarray(np.exp(traits.size_spread**2 / 2), dtype=np.float64)


def return_probability(state: WorldState) -> Floats:
    """Chance that an order is followed by a return."""
    return np.minimum(0.012 + 0.1 * state.glut, 0.5)


@dataclass(frozen=True)
class Crossings:
    """Orders of one week before they are put on days: the account's index, when in the week (0 to 1), amount, the
    order's number in the account's life."""

    account: Indices
    share: Floats
    amount: Floats
    number: Indices


def cross(rate: Floats, size: Floats, traits: Traits, state: WorldState, draws: Draws) -> tuple[Crossings, WorldState]:
    """Lets operational time advance by `rate` (0 where nothing may be ordered): the orders met, the state after."""
    left, age, orders = state.left - rate, state.age + rate, state.orders.copy()
    results: list[tuple[Indices, Floats, Floats, Indices]] = []
    due = np.flatnonzero(left <= 0)
    while len(due):
        share = np.clip(1 + left[due] / rate[due], 0.0, 1.0)
        spread = traits.size_spread[due] * draws.take(due).normal("size", index=orders[due])
        results.append((due, share, size[due] * np.exp(spread), orders[due].copy()))
        age[due] = -left[due]
        left[due] += gap_of(traits.take(due), draws.take(due), orders[due])
        orders[due] += 1
        due = due[left[due] <= 0]
    columns = [np.concatenate(parts) for parts in zip(*results, strict=True)] if results else [np.zeros(0)] * 4
    account, share, amount, number = columns
    met = Crossings(account.astype(np.int64), share, amount, number.astype(np.int64))
    return met, state.with_(left=left, age=age, orders=orders)


def ordering(traits: Traits, state: WorldState, on_books: Flags) -> Flags:
    """May still order: on the books and not quietly gone."""
    return on_books & ~state.gone
