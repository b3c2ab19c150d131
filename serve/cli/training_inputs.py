"""What training and back-testing read from a dataset folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from kqml.playbook import Playbook
from serve.cli.churn_options import Asked

if TYPE_CHECKING:
    from features.training_set import TrainingSet
    from kqml.dataset.folder import Dataset
    from models.churn.gaps import Histories


@dataclass(frozen=True)
class Material:
    """A dataset with its labelled rows and features, by a playbook, at the cutoffs that were asked for."""

    dataset: "Dataset"
    histories: "Histories"
    training_set: "TrainingSet"
    playbook: Playbook


def read_material(folder: Path, asked: Asked, playbook: Playbook) -> Material:
    """Reads a dataset folder and builds its training set with the whole catalog by a playbook's rules."""
    from features.catalog import catalog
    from features.context import context_of
    from features.labels import label_lag_days
    from features.training_set import build_training_set
    from kqml.dataset.folder import read_dataset
    from models.churn.gaps import Histories

    dataset = read_dataset(folder)
    log = dataset.event_log()
    histories = Histories(log, context_of(dataset.info, dataset.accounts(), log), label_lag_days(dataset.info, log))
    cutoffs = asked.cutoffs(log, histories.context, histories.label_lag_days)
    training_set = build_training_set(dataset, asked.definition, cutoffs, catalog(playbook))
    return Material(dataset, histories, training_set, playbook)
