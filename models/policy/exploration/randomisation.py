"""Randomisation of decisions: reproducible random draws, exploration draws, the persistent holdout."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

import numpy as np

from kqml.playbook.planning import Holdout
from models.policy.allocation.problem import NOT_BOOKED, Flags, Floats, Indices

EPOCH = date(2024, 1, 1)
"""A Monday; terms are counted from it."""


def uniform_draws(salt: str, purpose: str, ids: Iterable[str]) -> Floats:
    """One number in (0, 1) for each id: the first 53 bits of BLAKE2b of salt, purpose, id."""
    state = hashlib.blake2b(f"{salt}\x1f{purpose}\x1f".encode(), digest_size=8)
    bits = np.fromiter((_bits(state, one) for one in ids), dtype=np.uint64)
    return np.asarray(((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53, dtype=np.float64)


def _bits(state: "hashlib.blake2b", one: str) -> int:
    own = state.copy()
    own.update(str(one).encode())
    return int.from_bytes(own.digest(), "little")


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


def holdout_term(holdout: Holdout, week: date) -> int:
    """The number of the term in which the week of this day lies."""
    return (week - EPOCH).days // 7 // holdout.term_weeks


def holdout_accounts(holdout: Holdout, account_ids: Iterable[str], week: date) -> Flags:
    """Whether each account is held out in the week; depends on nothing but its id, the salt, the term."""
    draws = uniform_draws(holdout.salt, f"holdout {holdout_term(holdout, week)}", account_ids)
    return np.asarray(draws < holdout.share, dtype=bool)
