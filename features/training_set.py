"""The training set: labelled rows with their features and categories, everything aligned."""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.categories import Vocabulary, codes_of, vocabulary_of
from features.churn import ChurnDefinition
from features.labels import LabelledRows
from kqml.calendar import Instants


@dataclass(frozen=True)
class TrainingSet:
    """R labelled rows. `values` (R, F + K): the F features of `columns`, then one code per categorical column.

    `categories`: the vocabulary of each of the K categorical columns; a code is a place in it, NaN is missing.
    `accounts`: every account id of the log; a row's is `accounts[labels.rows.account]`. `profile`: per row the words
    (tier, segment, region) as known at its cutoff, for slices of metrics. `cutoffs`: those that have rows.
    """

    labels: LabelledRows
    values: NDArray[np.float64]
    columns: tuple[str, ...]
    categories: Vocabulary
    accounts: NDArray[np.object_]
    profile: pd.DataFrame
    definition: ChurnDefinition
    cutoffs: Instants

    def __len__(self) -> int:
        return len(self.labels)

    def account_ids(self) -> NDArray[np.object_]:
        """The account id of each row."""
        return np.asarray(self.accounts[self.labels.rows.account], dtype=object)


def assemble(
    labels: LabelledRows,
    matrix: tuple[tuple[str, ...], NDArray[np.float64]],
    profile: pd.DataFrame,
    accounts: NDArray[np.object_],
    definition: ChurnDefinition,
) -> TrainingSet:
    """The training set of rows whose features (`matrix`: column names, values (R, F)) and profile are at hand."""
    columns, features = matrix
    categories = vocabulary_of(profile)
    values = np.ascontiguousarray(np.hstack([features, codes_of(profile, categories)]))
    cutoffs = np.unique(labels.rows.cutoff)
    return TrainingSet(labels, values, columns, categories, accounts, profile, definition, cutoffs)
