"""What training and back-testing read from a dataset folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kqml.playbook import Playbook
from serve.cli.churn_options import ChurnOptions

if TYPE_CHECKING:
    from features.training_set import TrainingSet
    from kqml.dataset.folder import Dataset
    from models.churn.gaps import GapLabels


@dataclass(frozen=True)
class TrainingInputs:
    """A dataset with its labelled rows and features, by a playbook, at the cutoffs that were asked for."""

    dataset: "Dataset"
    histories: "GapLabels"
    training_set: "TrainingSet"
    playbook: Playbook


def read_training_inputs(folder: Path, options: ChurnOptions, playbook: Playbook) -> TrainingInputs:
    """Reads a dataset folder and builds its training set with the whole catalog by a playbook's rules."""
    from features.catalog import catalog
    from features.context import context_of
    from features.labels import label_lag_days
    from features.training_set import build_training_set
    from kqml.dataset.folder import read_dataset
    from models.churn.gaps import GapLabels

    dataset = read_dataset(folder)
    log = dataset.event_log()
    histories = GapLabels(log, context_of(dataset.info, dataset.accounts(), log), label_lag_days(dataset.info, log))
    cutoffs = options.cutoffs(log, histories.context, histories.label_lag_days)
    training_set = build_training_set(dataset, options.definition, cutoffs, catalog(playbook))
    return TrainingInputs(dataset, histories, training_set, playbook)
