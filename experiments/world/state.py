"""The state of accounts at a cutoff."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from experiments.world.draws import Draws, Flags, Floats, Indices
from experiments.world.population import Traits

NONE = -1


@dataclass(frozen=True)
class WorldState:
    """Arrays of one length; symbols as in README §2.

    `complaint`, `promise`, `courted`, `overdue`: the week in which the open one began, NONE without one; `broken`: the
    week of the last broken promise. `drift`: how far the log of the account's own rate has moved. `left`: operational
    time until the next order, `age`: since the last. `orders`: how many so far. `silent`: weeks since the last order;
    `usual`: weeks between orders as the rep knows it; `sales`: a slow mean of weekly sales (both known to the rep).
    `gone`: has quietly stopped. `ended`: the week of an announced closure or transfer, NONE before.
    """

    satisfaction: Floats
    closeness: Floats
    load: Floats
    wake: Floats
    grievance: Floats
    glut: Floats
    complaint: Indices
    promise: Indices
    broken: Indices
    courted: Indices
    overdue: Indices
    problem: Flags
    slow: Flags
    drift: Floats
    left: Floats
    age: Floats
    orders: Indices
    silent: Floats
    usual: Floats
    sales: Floats
    gone: Flags
    ended: Indices
    tier: NDArray[np.int8]
    contacts: Indices

    def __len__(self) -> int:
        return len(self.satisfaction)

    def take(self, index: Any) -> "WorldState":
        return WorldState(**{name: value[index] for name, value in vars(self).items()})

    def with_(self, **changes: Any) -> "WorldState":
        return replace(self, **changes)


def lives(traits: Traits, state: WorldState, week: int) -> Flags:
    """On the books: opened, not closed, not transferred. A quietly gone account still is."""
    return np.asarray((traits.opens <= week) & (state.ended == NONE), dtype=bool)


def newborn(traits: Traits, draws: Draws, drift_spread: float) -> WorldState:
    """Accounts as they begin; the age of the first gap is drawn from its stationary law by the burn-in."""
    count = len(traits)
    first_gap = gap_of(traits, draws, np.zeros(count, dtype=np.int64))
    none = np.full(count, NONE, dtype=np.int64)
    no = np.zeros(count, dtype=bool)
    zero = np.zeros(count)
    return WorldState(
        satisfaction=traits.fit + 0.15 * draws.normal("first_satisfaction"),
        closeness=draws.lognormal(0.8, 0.4, "first_closeness"),
        load=zero.copy(),
        wake=zero.copy(),
        grievance=zero.copy(),
        glut=zero.copy(),
        complaint=none.copy(),
        promise=none.copy(),
        broken=none.copy(),
        courted=none.copy(),
        overdue=none.copy(),
        problem=no.copy(),
        slow=no.copy(),
        drift=drift_spread * draws.normal("first_drift"),
        left=first_gap * draws.uniform("first_phase"),
        age=zero.copy(),
        orders=np.ones(count, dtype=np.int64),
        silent=zero.copy(),
        usual=1.0 + 1.0 / traits.rate,
        sales=np.exp(traits.norm),
        gone=no.copy(),
        ended=none.copy(),
        tier=traits.tier.copy(),
        contacts=1 + (draws.uniform("contacts") * 3).astype(np.int64),
    )


def gap_of(traits: Traits, draws: Draws, number: Indices) -> Floats:
    """The operational length of an account's gap with this number: lognormal with mean 1."""
    z = ndtri(draws.uniform("gap", index=number + 1))
    return np.asarray(np.exp(traits.gap_spread * z - traits.gap_spread**2 / 2), dtype=np.float64)


def another_gap(traits: Traits, state: WorldState, draws: Draws, week: int) -> Floats:
    """The time left in each current gap, drawn anew given the gap's age."""
    spread, age = traits.gap_spread, np.maximum(state.age, 1e-12)
    shorter = ndtr((np.log(age) + spread**2 / 2) / spread)
    probability = np.minimum(shorter + draws.uniform("current_gap", week) * (1.0 - shorter), 1.0 - 1e-12)
    return np.asarray(
        np.maximum(np.exp(spread * ndtri(probability) - spread**2 / 2) - state.age, 1e-9), dtype=np.float64
    )


def noticed(state: WorldState, ordered: Flags, amount: Floats, open_share: float) -> dict[str, Floats]:
    """What reps know of the orders after a week in which some ordered, for these amounts."""
    waited = state.silent + open_share
    return {
        "silent": np.where(ordered, 0.0, waited),
        "usual": np.where(ordered, 0.85 * state.usual + 0.15 * waited, state.usual).clip(0.7),
        "sales": 0.94 * state.sales + 0.06 * amount,
    }
