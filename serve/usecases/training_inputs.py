"""The inputs of training and back-testing: a dataset with its histories and its labelled rows."""

from dataclasses import dataclass

from features.catalog import catalog
from features.context import context_of
from features.labels import label_lag_days
from features.training_set import TrainingSet, build_training_set
from kqml.dataset.folder import Dataset
from kqml.playbook import Playbook
from models.churn.gaps import GapLabels
from serve.usecases.churn_request import ChurnGrid


@dataclass(frozen=True)
class TrainingInputs:
    """A dataset with its labelled rows and features, by a playbook, at the cutoffs of a grid."""

    dataset: Dataset
    histories: GapLabels
    training_set: TrainingSet
    playbook: Playbook


def read_histories(dataset: Dataset) -> GapLabels:
    """Return the event log of a dataset with the context of its features and the lag of its labels."""
    log = dataset.event_log()
    return GapLabels(log, context_of(dataset.info, dataset.accounts(), log), label_lag_days(dataset.info, log))


def read_training_inputs(dataset: Dataset, grid: ChurnGrid, playbook: Playbook) -> TrainingInputs:
    """Build the training set of a dataset with the whole catalog by a playbook's rules."""
    histories = read_histories(dataset)
    cutoffs = grid.cutoffs(histories.log, histories.context, histories.label_lag_days)
    training_set = build_training_set(dataset, grid.definition, cutoffs, catalog(playbook))
    return TrainingInputs(dataset, histories, training_set, playbook)
