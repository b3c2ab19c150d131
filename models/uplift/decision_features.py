"""The features of decision rows, each at its own account's cutoff."""

from collections.abc import Sequence

import numpy as np

from features.context import context_of
from features.definitions import Feature
from features.engine import build_features
from features.peers import Peers
from features.plan import compile_plan
from features.profile import Vocabulary, cells_of, codes_of, vocabulary_of
from kqml.dataset.folder import Dataset
from models.uplift.decision_data import DecisionData
from models.uplift.sample import Floats


def decision_features(
    dataset: Dataset,
    data: DecisionData,
    features: Sequence[Feature],
    *,
    words: Vocabulary | None = None,
    threads: int = 2,
) -> tuple[Floats, tuple[str, ...]]:
    """Return the matrix (R, F) with its columns: the features, then a code per word of tier, segment, region.

    `words`: the vocabulary of the codes, that of `data` unless given. Parts of one log need the vocabulary of the log:
    otherwise they have other codes for the same word, and columns of their own.
    """
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    plan = compile_plan(features)
    peers = Peers(cells_of(data.profile, len(data)))
    matrix = build_features(log, data.rows, plan, context, peers=peers, threads=threads)
    words = vocabulary_of(data.profile) if words is None else words
    return np.column_stack([matrix, codes_of(data.profile, words)]), (*plan.columns, *words)
