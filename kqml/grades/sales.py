"""Net sales of accounts (orders less returns and cancellations) and the 532 classes by them (domain §7)."""

from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from kqml.events import KINDS, EventKind
from kqml.history.known_history import Floats, KnownHistory

SIGNS: Mapping[EventKind, float] = {EventKind.ORDER: 1.0, EventKind.ORDER_CANCELLED: -1.0, EventKind.RETURN: -1.0}


def sign_of_kind() -> Floats:
    """Per kind number what an amount of it does to sales: +1, −1, or 0."""
    signs = np.zeros(len(KINDS))
    for kind, sign in SIGNS.items():
        signs[kind.number] = sign
    return signs


def net_sales(known: KnownHistory, start: int, end: int) -> Floats:
    """Per account the net sales of `[start, end)`, not below 0; NaN where the data hold no amounts."""
    if "amount" not in known.log.values:
        return np.full(known.log.account_count, np.nan)
    indices = known.of_kinds(SIGNS, start, end)
    amounts = np.nan_to_num(known.log.values["amount"][indices]) * sign_of_kind()[known.log.kind[indices]]
    return np.maximum(known.total(indices, amounts), 0.0)


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
    index = np.searchsorted(np.cumsum(np.asarray(shares)[:-1]) * (1 - 1e-12), before, side="right")
    classes[sold] = np.array(CLASSES, dtype=object)[index][rank]
    return classes
