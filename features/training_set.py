"""The training set: labelled rows with their features and categories, everything aligned."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from features.churn_definition import ChurnDefinition
from features.context import context_of
from features.definitions import Feature
from features.engine import stream_features
from features.labels import LabelledRows, label_lag_days, label_rows
from features.peers import Peers
from features.plan import compile_plan
from features.profile import Vocabulary, cells_of, codes_of, profile_of, vocabulary_of
from kqml.calendar.business_time import Instants
from kqml.dataset.folder import Dataset


@dataclass(frozen=True)
class TrainingSet:
    """R labelled rows. `values` (R, F + K): the F features of `columns`, then one code per categorical column.

    `categories`: the vocabulary of each of the K categorical columns; a code is an index in it, NaN is missing.
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
        """Return the account id of each row."""
        return np.asarray(self.accounts[self.labels.rows.account], dtype=object)


def build_training_set(
    dataset: Dataset, definition: ChurnDefinition, cutoffs: Instants, features: Sequence[Feature], *, threads: int = 2
) -> TrainingSet:
    """Return the labelled rows of a dataset at `cutoffs`, each with the features as they were known then.

    Peers are the eligible accounts of the same cutoff. The matrix is filled part by part, so that it is in memory once.
    """
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    labels = label_rows(log, context, definition, cutoffs, label_lag_days(dataset.info, log))
    profile = profile_of(dataset, labels.rows)
    plan = compile_plan(features)
    categories = vocabulary_of(profile)
    width = len(plan.columns)
    values = np.empty((len(labels), width + len(categories)))
    peers = Peers(cells_of(profile, len(labels)))
    for rows, matrix in stream_features(log, labels.rows, plan, context, peers=peers, threads=threads):
        values[rows, :width] = matrix
    values[:, width:] = codes_of(profile, categories)
    answered = np.unique(labels.rows.cutoff)
    return TrainingSet(labels, values, plan.columns, categories, log.accounts, profile, definition, answered)
