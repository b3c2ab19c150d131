"""The churn model's rows for accounts at many cutoffs, with the profile known at each."""

import numpy as np
from numpy.typing import NDArray

from features.context import context_of
from features.engine import build_features
from features.peers import Peers
from features.profile import cells_of, codes_of, profile_of
from features.rows import Rows
from kqml.dataset.folder import Dataset
from models.churn.scoring import Scorer


def model_rows(scorer: Scorer, dataset: Dataset, rows: Rows, threads: int = 2) -> NDArray[np.float64]:
    """Return (R, F): the columns of the churn model, features then categories."""
    log, profile = dataset.event_log(), profile_of(dataset, rows)
    context = context_of(dataset.info, dataset.accounts(), log)
    peers = Peers(cells_of(profile, len(rows)))
    matrix = build_features(log, rows, scorer.plan, context, peers=peers, threads=threads)
    categories = scorer.bundle.model.categories
    known = profile.reindex(columns=list(categories))
    return np.column_stack([matrix, codes_of(known, categories)]) if categories else matrix


def categorical_indices(scorer: Scorer) -> list[int]:
    model = scorer.bundle.model
    return list(range(len(model.numeric_columns), len(model.numeric_columns) + len(model.categories)))
