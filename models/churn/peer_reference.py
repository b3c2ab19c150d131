"""The peer reference of a bundle: what accounts are compared with when they are scored one by one."""

from collections.abc import Sequence

import numpy as np

from features.churn_definition import ChurnDefinition
from features.context import context_of
from features.cutoffs import default_cutoff
from features.definitions import Feature
from features.eligibility import eligible_rows
from features.engine import build_reference
from features.peers import PeerReference
from features.plan import compile_plan
from features.profile import cells_of, profile_of
from kqml.calendar.business_time import Instants
from kqml.dataset.folder import Dataset


def build_peer_reference(
    dataset: Dataset, definition: ChurnDefinition, features: Sequence[Feature], cutoffs: Instants
) -> PeerReference:
    """The means over the eligible accounts at each of `cutoffs` (those of the training) and at the dataset's end."""
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    instants = np.unique(np.append(cutoffs, default_cutoff(log, dataset.info.time_zone)))
    rows = eligible_rows(log, context, definition, instants)
    cells = cells_of(profile_of(dataset, rows), len(rows))
    return build_reference(log, rows, compile_plan(features), context, cells)
