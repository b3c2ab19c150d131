"""A churn model fitted on sixty rows of noise: enough to be saved, served, promoted."""

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.churn_definition import ChurnDefinition
from features.peers import EVERYBODY, PeerReference
from kqml.settings import BandSettings
from models.churn.calibration import LogisticCalibration
from models.churn.churn_model import ChurnModel
from models.churn.logistic_line import LogisticLine

PLATT = LogisticCalibration(LogisticLine(-0.1, 0.9))


NO_PEERS = PeerReference((), np.zeros(0, dtype=np.int64), (EVERYBODY,), np.zeros((0, 1, 0)))


def small_rows(count: int = 60) -> NDArray[np.float64]:
    """Rows of three numbers, some missing, and one category."""
    random = np.random.default_rng(7)
    rows = random.normal(size=(count, 4))
    rows[:, 3] = random.integers(-1, 2, size=count)
    rows[::7, 1] = np.nan
    return rows


def small_model(columns: tuple[str, ...] = ("a", "b", "c"), grade: str = "A") -> ChurnModel:
    """A model of three numeric columns and `segment`; deterministic."""
    rows = small_rows()
    churned = (rows[:, 0] > 0.3).astype(float)
    settings = {"objective": "binary", "verbose": -1, "min_data_in_leaf": 5, "num_leaves": 4, "num_threads": 1}
    data = lgb.Dataset(rows, churned, feature_name=[*columns, "segment"], categorical_feature=[3])
    return ChurnModel(
        booster=lgb.train(settings, data, num_boost_round=5),
        numeric_columns=columns,
        categories={"segment": ("dealer", "pharmacy")},
        calibration=PLATT,
        definition=ChurnDefinition(),
        base_rate=0.1,
        bands=BandSettings(),
        grade=grade,
        catalog_fingerprint="f" * 64,
        trained_at="2024-03-01T00:00:00+00:00",
    )
