"""Training examples: uncensored rows with their labels; the columns that read orders alone."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from features.catalog import catalog
from features.definitions import atoms_of
from kqml.calendar.business_time import Instants
from kqml.events import EventKind
from models.churn.logistic_line import Floats

if TYPE_CHECKING:
    from features.training_set import TrainingSet

OF_ORDERS = frozenset({EventKind.ORDER, EventKind.ORDER_CANCELLED, EventKind.RETURN})

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Examples:
    """R rows with F columns; `categorical` names the columns that hold codes. `account`: any number per account.

    `index` (R): each row's index among the rows of the training set.
    """

    values: Floats
    churned: Mask
    account: NDArray[np.int32]
    cutoff: Instants
    matures_at: Instants
    columns: tuple[str, ...]
    categorical: tuple[str, ...]
    index: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.churned)

    def where(self, mask: Mask) -> "Examples":
        """Return the rows of `mask`, in the same order."""
        return Examples(
            self.values[mask],
            self.churned[mask],
            self.account[mask],
            self.cutoff[mask],
            self.matures_at[mask],
            self.columns,
            self.categorical,
            self.index[mask],
        )

    def only(self, columns: Mask) -> "Examples":
        """Return the same rows with some of the columns."""
        names = tuple(name for name, retained in zip(self.columns, columns, strict=True) if retained)
        categorical = tuple(name for name in self.categorical if name in names)
        return replace(self, values=self.values[:, columns], columns=names, categorical=categorical)

    def cutoffs(self) -> tuple[Instants, Instants]:
        """Return the distinct cutoffs, ascending, each with the instant at which its last label matures."""
        cutoffs, inverse = np.unique(self.cutoff, return_inverse=True)
        matures = np.full(len(cutoffs), np.iinfo(np.int64).min)
        np.maximum.at(matures, inverse, self.matures_at)
        return cutoffs, matures


def training_examples(training_set: "TrainingSet") -> Examples:
    """Return the uncensored rows of a training set."""
    labels = training_set.labels
    index = np.flatnonzero(~labels.censored)
    return Examples(
        values=training_set.values[index],
        churned=labels.churned[index],
        account=labels.rows.account[index],
        cutoff=labels.rows.cutoff[index],
        matures_at=labels.matures_at[index],
        columns=(*training_set.columns, *training_set.categories),
        categorical=tuple(training_set.categories),
        index=index,
    )


def order_columns(columns: Sequence[str]) -> NDArray[np.bool_]:
    """True for catalog features that read orders, cancellations, returns or the calendar alone; False for all else."""
    known = {
        feature.column
        for feature in catalog()
        if all(atom.stream.kinds <= OF_ORDERS for atom in atoms_of(feature.measure))
    }
    return np.array([column in known for column in columns], dtype=np.bool_)
