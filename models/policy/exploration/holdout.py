"""The persistent holdout: accounts that get the playbook only, so that what we add can be measured."""

from collections.abc import Iterable
from datetime import date

import numpy as np

from kqml.playbook.planning import Holdout
from models.policy.allocation.problem import Flags
from models.policy.exploration.random_draws import uniform_draws

EPOCH = date(2024, 1, 1)
"""A Monday; terms are counted from it."""


def holdout_term(holdout: Holdout, week: date) -> int:
    """The number of the term in which the week of this day lies."""
    return (week - EPOCH).days // 7 // holdout.term_weeks


def holdout_accounts(holdout: Holdout, account_ids: Iterable[str], week: date) -> Flags:
    """Whether each account is held out in the week; depends on nothing but its id, the salt, the term."""
    draws = uniform_draws(holdout.salt, f"holdout {holdout_term(holdout, week)}", account_ids)
    return np.asarray(draws < holdout.share, dtype=bool)
