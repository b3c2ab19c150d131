"""A made-up company's training set for tests of fitting: small, short or long, the same every time."""

from dataclasses import dataclass

import numpy as np
from small_world import write_small_world

from features.catalog import core77
from features.churn_definition import ChurnDefinition
from features.context import Context, context_of
from features.cutoffs import cutoff_grid
from features.training_set import TrainingSet, build_training_set
from kqml.dataset.folder import Dataset
from kqml.history.event_log import EventLog

DEFINITION = ChurnDefinition(horizon=42, gap=7)


@dataclass(frozen=True)
class MadeCompany:
    dataset: Dataset
    log: EventLog
    context: Context
    training_set: TrainingSet


def make_company(folder, accounts=160, weeks=104, every=14):
    """Stores with two years of history, cutoffs every two weeks: a long timeline. A few seconds."""
    dataset = write_small_world(folder / "made", accounts, weeks, seed=3)
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    cutoffs = cutoff_grid(log, context, DEFINITION, every)
    return MadeCompany(dataset, log, context, build_training_set(dataset, DEFINITION, cutoffs, core77()))


def made_examples(rows=600, cutoffs=24, seed=0):
    """Examples of forty accounts whose first column tells churn; labels mature two cutoffs later."""
    from models.churn.examples import Examples

    random = np.random.default_rng(seed)
    place = np.sort(random.integers(0, cutoffs, rows))
    values = random.normal(size=(rows, 3))
    churned = values[:, 0] + random.normal(size=rows) * 0.7 > 1.2
    return Examples(
        values=values,
        churned=churned,
        account=random.integers(0, 40, rows).astype(np.int32),
        cutoff=place.astype(np.int64) * 10,
        matures_at=place.astype(np.int64) * 10 + 20,
        columns=("signal", "noise", "more_noise"),
        categorical=(),
        index=np.arange(rows),
    )
