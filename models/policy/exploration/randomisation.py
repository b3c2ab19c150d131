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
    """Return one number in (0, 1) for each id: the first 53 bits of BLAKE2b of salt, purpose and id.

    A draw depends on nothing else, so that any decision can be reproduced from its receipt.
    """
    state = hashlib.blake2b(f"{salt}\x1f{purpose}\x1f".encode(), digest_size=8)
    bits = np.fromiter((_hash_bits(state, identifier) for identifier in ids), dtype=np.uint64)
    # Half a step is added to 53 bits: every double is equally likely, and neither 0 nor 1 can occur.
    return np.asarray(((bits >> np.uint64(11)).astype(np.float64) + 0.5) * 2.0**-53, dtype=np.float64)


def _hash_bits(state: "hashlib.blake2b", identifier: str) -> int:
    # Copying the state hashes salt and purpose once, not once for each id.
    own = state.copy()
    own.update(str(identifier).encode())
    return int.from_bytes(own.digest(), "little")


@dataclass(frozen=True)
class ExplorationDraws:
    """Exploration draws, one for each account.

    `epsilon`: probability of exploring. `explores`: whether it does. `action`: drawn uniformly from the eligible
    actions where it explores, else NOT_BOOKED.
    """

    epsilon: Floats
    explores: Flags
    action: Indices


def draw_exploration(eligible: Flags, epsilon: Floats, explore_draw: Floats, action_draw: Floats) -> ExplorationDraws:
    """Draw exploration from two uniform numbers per account (n each).

    `eligible`: n × K, at least one each. `epsilon` (n): 0 excludes an account (required action, holdout).
    """
    explores = explore_draw < epsilon
    rank = np.floor(action_draw * eligible.sum(axis=1)).astype(np.int64)
    # The action with so many eligible ones before it.
    action = (np.cumsum(eligible, axis=1) <= rank[:, None]).sum(axis=1)
    return ExplorationDraws(epsilon, explores, np.where(explores, action, NOT_BOOKED))


def probability(draws: ExplorationDraws, eligible: Flags, assigned: Indices, planned: Indices) -> Floats:
    """Return p(assigned) = ε / |E| + (1 − ε)·[assigned = planned] of each account.

    `planned`: the allocation's choice had the account not explored. An assigned action that equals it may have come
    about in both ways, so that both terms count, whether the account explored or not.
    """
    uniform = draws.epsilon / eligible.sum(axis=1)
    return np.asarray(uniform + (1.0 - draws.epsilon) * (assigned == planned), dtype=np.float64)


def holdout_term(holdout: Holdout, week: date) -> int:
    """Return the number of the holdout term in which the week of this day lies."""
    return (week - EPOCH).days // 7 // holdout.term_weeks


def holdout_accounts(holdout: Holdout, account_ids: Iterable[str], week: date) -> Flags:
    """Return whether each account is held out in the week; depends on its id, the salt and the term alone."""
    draws = uniform_draws(holdout.salt, f"holdout {holdout_term(holdout, week)}", account_ids)
    return np.asarray(draws < holdout.share, dtype=bool)
