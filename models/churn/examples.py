"""The rows a model may learn from: uncensored, with their answers."""

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

    `place`: each row's place among the training set's rows.
    """

    values: Floats
    churned: Mask
    account: NDArray[np.int32]
    cutoff: Instants
    matures_at: Instants
    columns: tuple[str, ...]
    categorical: tuple[str, ...]
    place: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.churned)

    def where(self, mask: Mask) -> "Examples":
        """The rows of `mask`, in the same order."""
        return Examples(
            self.values[mask],
            self.churned[mask],
            self.account[mask],
            self.cutoff[mask],
            self.matures_at[mask],
            self.columns,
            self.categorical,
            self.place[mask],
        )

    def only(self, columns: Mask) -> "Examples":
        """The same rows with some of the columns."""
        names = tuple(name for name, retained in zip(self.columns, columns, strict=True) if retained)
        categorical = tuple(name for name in self.categorical if name in names)
        return replace(self, values=self.values[:, columns], columns=names, categorical=categorical)

    def cutoffs(self) -> tuple[Instants, Instants]:
        """The distinct cutoffs, ascending, each with the instant at which its last label matures."""
        cutoffs, place = np.unique(self.cutoff, return_inverse=True)
        matures = np.full(len(cutoffs), np.iinfo(np.int64).min)
        np.maximum.at(matures, place, self.matures_at)
        return cutoffs, matures


def training_examples(training_set: "TrainingSet") -> Examples:
    """The uncensored rows of a training set."""
    labels = training_set.labels
    place = np.flatnonzero(~labels.censored)
    return Examples(
        values=training_set.values[place],
        churned=labels.churned[place],
        account=labels.rows.account[place],
        cutoff=labels.rows.cutoff[place],
        matures_at=labels.matures_at[place],
        columns=(*training_set.columns, *training_set.categories),
        categorical=tuple(training_set.categories),
        place=place,
    )


def order_columns(columns: Sequence[str]) -> NDArray[np.bool_]:
    """True for catalog features that read orders, cancellations, returns or the calendar alone; False for all else."""
    known = {
        feature.column
        for feature in catalog()
        if all(atom.stream.kinds <= OF_ORDERS for atom in atoms_of(feature.measure))
    }
    return np.array([column in known for column in columns], dtype=np.bool_)
