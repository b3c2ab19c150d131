"""The 532 classes: accounts ranked by annual sales (domain §7)."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from kqml.grades.known import Floats

CLASSES = ("A", "B", "C")


def abc_classes(sales: Floats, shares: Sequence[float]) -> NDArray[np.object_]:
    """A for the largest accounts that make the first share of all sales, B for the next, C for the rest.

    With s = the sales of all accounts that sold more ÷ the sales of all: A where s < shares[0], B where s < shares[0] +
    shares[1], else C. Accounts that sold the same are of one class; None without sales.
    """
    classes = np.full(len(sales), None, dtype=object)
    sold = np.flatnonzero(np.nan_to_num(sales) > 0)
    if not len(sold):
        return classes
    amounts, rank = np.unique(-sales[sold], return_inverse=True)
    sums = -amounts * np.bincount(rank)
    before = np.concatenate([[0.0], np.cumsum(sums)[:-1]]) / sums.sum()
    place = np.searchsorted(np.cumsum(np.asarray(shares)[:-1]) * (1 - 1e-12), before, side="right")
    classes[sold] = np.array(CLASSES, dtype=object)[place][rank]
    return classes
