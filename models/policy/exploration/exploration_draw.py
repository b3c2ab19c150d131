"""The exploration coin: each account explores with its own known chance, before anything is allocated."""

from dataclasses import dataclass

import numpy as np

from models.policy.allocation.problem import NOT_BOOKED, Flags, Floats, Indices


@dataclass(frozen=True)
class ExplorationDraws:
    """Per account: ε, whether the coin fell, the package drawn evenly from the eligible ones, else NOT_BOOKED."""

    epsilon: Floats
    explores: Flags
    drawn: Indices


def draw_exploration(eligible: Flags, epsilon: Floats, coin: Floats, draw: Floats) -> ExplorationDraws:
    """Coins from two uniform numbers per account. `eligible`: n × K, at least one each. `epsilon`: 0 keeps an account
    out (a must, a holdout account)."""
    explores = coin < epsilon
    rank = np.floor(draw * eligible.sum(axis=1)).astype(np.int64)
    randomised = (np.cumsum(eligible, axis=1) <= rank[:, None]).sum(axis=1)
    return ExplorationDraws(epsilon, explores, np.where(explores, randomised, NOT_BOOKED))


def probability(coins: ExplorationDraws, eligible: Flags, assigned: Indices, planned: Indices) -> Floats:
    """p(assigned) = ε / |E| + (1 − ε)·[assigned = planned]; `planned`: the choice had the account not explored."""
    even = coins.epsilon / eligible.sum(axis=1)
    return np.asarray(even + (1.0 - coins.epsilon) * (assigned == planned), dtype=np.float64)
