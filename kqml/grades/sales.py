"""Net sales: orders less returns and cancellations."""

from collections.abc import Mapping

import numpy as np

from kqml.events import KINDS, EventKind
from kqml.grades.known import Floats, Known

SIGNS: Mapping[EventKind, float] = {EventKind.ORDER: 1.0, EventKind.ORDER_CANCELLED: -1.0, EventKind.RETURN: -1.0}


def sign_of_kind() -> Floats:
    """Per kind number what an amount of it does to sales: +1, −1, or 0."""
    signs = np.zeros(len(KINDS))
    for kind, sign in SIGNS.items():
        signs[kind.number] = sign
    return signs


def net_sales(known: Known, start: int, end: int) -> Floats:
    """Per account the net sales of `[start, end)`, not below 0; NaN where the data hold no amounts."""
    if "amount" not in known.log.values:
        return np.full(known.log.account_count, np.nan)
    indices = known.places(SIGNS, since=start)
    indices = indices[known.log.occurred_at[indices] < end]
    amounts = np.nan_to_num(known.log.values["amount"][indices]) * sign_of_kind()[known.log.kind[indices]]
    return np.maximum(known.total(indices, amounts), 0.0)
