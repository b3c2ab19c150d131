"""Which columns know orders only: those the reference model may see, those the leakage check need not doubt."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.catalog import catalog
from features.definitions import atoms_of
from kqml.events import EventKind

OF_ORDERS = frozenset({EventKind.ORDER, EventKind.ORDER_CANCELLED, EventKind.RETURN})


def order_columns(columns: Sequence[str]) -> NDArray[np.bool_]:
    """True for catalog features that read orders, cancellations, returns or the calendar alone; False for all else."""
    known = {
        feature.column
        for feature in catalog()
        if all(atom.stream.kinds <= OF_ORDERS for atom in atoms_of(feature.measure))
    }
    return np.array([column in known for column in columns], dtype=np.bool_)
