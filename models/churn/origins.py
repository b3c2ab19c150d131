"""The origins of a back-test: what is known at each, which test cutoffs it has to predict."""

from dataclasses import dataclass

import numpy as np

from kqml.calendar.business_time import Instants
from models.churn.metrics import Mask
from models.churn.splits import Slices, inner_slices, split_cutoffs


@dataclass(frozen=True)
class Origin:
    """`slices` of the cutoffs mature at the first of the cutoffs `ahead`."""

    slices: Slices
    ahead: Mask


def single_origin(cutoffs: Instants, matures_at: Instants, test_share: float) -> list[Origin]:
    """One fit before the whole test block."""
    slices = split_cutoffs(cutoffs, matures_at, test_share)
    return [Origin(slices, slices.test)]


def rolling_origins(cutoffs: Instants, matures_at: Instants, test_share: float, each: int) -> list[Origin]:
    """A new fit before every `each` test cutoffs, on all that is mature then."""
    test = np.flatnonzero(split_cutoffs(cutoffs, matures_at, test_share).test)
    results = []
    for first in range(0, len(test), each):
        ahead = np.zeros(len(cutoffs), dtype=np.bool_)
        ahead[test[first : first + each]] = True
        training = np.asarray((matures_at <= cutoffs[ahead][0]) & ~ahead, dtype=np.bool_)
        results.append(Origin(inner_slices(cutoffs, matures_at, training), ahead))
    return results
