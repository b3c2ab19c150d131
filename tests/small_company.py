"""A simulated company in small: a dataset, a quickly fitted model on the whole catalog, its bundle."""

import atexit
import shutil
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from tempfile import mkdtemp

import lightgbm as lgb
import numpy as np
from small_model import PLATT
from small_world import write_small_world

from features.catalog import catalog, catalog_fingerprint
from features.churn_definition import ChurnDefinition
from features.context import context_of
from features.cutoffs import cutoff_grid, default_cutoff
from features.profile import profile_of
from features.rows import Rows
from features.training_set import TrainingSet, build_training_set
from kqml.calendar.business_time import moment_of
from kqml.dataset.folder import Dataset
from kqml.settings import BandSettings
from models.churn.bundle import save_bundle
from models.churn.churn_model import ChurnModel
from models.churn.scoring_request import ScoringRequest
from models.churn.training_pipeline import build_peer_reference

DEFINITION = ChurnDefinition(horizon=60, gap=14)


@dataclass(frozen=True)
class SmallCompany:
    """`cutoff`: the end of the data. `bundles`: two bundles, trained with different numbers of rounds."""

    dataset: Dataset
    cutoff: int
    bundles: tuple[Path, Path]

    def asked(self, cutoff: int) -> ScoringRequest:
        """All accounts at a cutoff."""
        log = self.dataset.event_log()
        profile = profile_of(self.dataset, Rows.grid(log.account_count, np.array([cutoff])))
        context = context_of(self.dataset.info, self.dataset.accounts(), log)
        return ScoringRequest(log, context, cutoff, {name: profile[name].tolist() for name in profile})


@cache
def shared_small_company() -> SmallCompany:
    """One for all tests of a process, whichever folder they are in."""
    folder = Path(mkdtemp(prefix="kqml-company-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return make_small_company(folder)


def make_small_company(folder: Path) -> SmallCompany:
    """Ninety stores over sixty weeks; a few seconds."""
    dataset = write_small_world(folder / "dataset", accounts=90, weeks=60, seed=5)
    log = dataset.event_log()
    context = context_of(dataset.info, dataset.accounts(), log)
    cutoffs = cutoff_grid(log, context, DEFINITION, 28)
    examples = build_training_set(dataset, DEFINITION, cutoffs, catalog())
    peers = build_peer_reference(dataset, DEFINITION, catalog(), examples.cutoffs)
    bundles = folder / "bundle-12", folder / "bundle-20"
    for path, rounds in zip(bundles, (12, 20), strict=True):
        save_bundle(path, fitted(examples, rounds), dataset.info, examples.values, peers)
    return SmallCompany(dataset, default_cutoff(log, dataset.info.time_zone), bundles)


def fitted(examples: TrainingSet, rounds: int) -> ChurnModel:
    """A model of grade B fitted on all rows."""
    settings = {"objective": "binary", "verbose": -1, "num_leaves": 7, "min_data_in_leaf": 10, "num_threads": 2}
    churned = examples.labels.churned.astype(float)
    places = list(range(len(examples.columns), examples.values.shape[1]))
    data = lgb.Dataset(examples.values, churned, categorical_feature=places, params={"verbose": -1})
    return ChurnModel(
        booster=lgb.train(settings, data, num_boost_round=rounds),
        numeric_columns=examples.columns,
        categories=dict(examples.categories),
        calibration=PLATT,
        definition=DEFINITION,
        base_rate=float(churned.mean()),
        bands=BandSettings(),
        grade="B",
        catalog_fingerprint=catalog_fingerprint(catalog()),
        trained_at="2024-03-01T00:00:00+00:00",
        info={"last_cutoff": moment_of(int(examples.cutoffs[-1])).isoformat()},
    )
