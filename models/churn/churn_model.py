"""The churn model: trees, calibration, and the definition they were fitted for."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from features.churn_definition import ChurnDefinition
from kqml.settings import BandSettings
from models.churn.calibration import Calibration, calibration_from
from models.churn.logistic_line import Floats
from models.churn.single_row import SingleRow, SingleRowScore


@dataclass(frozen=True, eq=False)
class ChurnModel:
    """A row is the F numeric columns in order, then one code per categorical column (its index in the vocabulary;
    -1 or NaN is missing).

    `base_rate`: the churn rate of the training rows, which the bands multiply. `grade`: "A", "B", "C" or "ungraded".
    `trained_at`: ISO instant. `info`: how it was made (rounds, parameters, seed, slices, rows), for people.
    """

    booster: lgb.Booster
    numeric_columns: tuple[str, ...]
    categories: Mapping[str, tuple[str, ...]]
    calibration: Calibration
    definition: ChurnDefinition
    base_rate: float
    bands: BandSettings
    grade: str
    catalog_fingerprint: str
    trained_at: str
    info: Mapping[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> tuple[str, ...]:
        """Every column of a row, in order."""
        return (*self.numeric_columns, *self.categories)

    def log_odds(self, values: Floats) -> Floats:
        """Return the trees' raw answer per row of (R, F), before calibration."""
        return predict_log_odds(self.booster, values)

    def probability(self, values: Floats) -> Floats:
        """Return the calibrated churn probability per row of (R, F)."""
        return self.calibration.probability(self.log_odds(values))

    def contributions(self, values: Floats) -> Floats:
        """Return each column's share of `log_odds`, then the bias: (R, F + 1), adding up to it."""
        return np.asarray(self.booster.predict(values, pred_contrib=True), dtype=np.float64)

    def probability_of_one(self, row: NDArray[np.float64]) -> float:
        """`probability` of one C-contiguous row (F,), in microseconds."""
        return float(self.calibration.probability(self._one_log_odds(row))[0])

    def contributions_of_one(self, row: NDArray[np.float64]) -> Floats:
        """`contributions` of one C-contiguous row (F,): (F + 1,)."""
        return self._one_contributions(row)

    @cached_property
    def _one_log_odds(self) -> SingleRow:
        return SingleRow(self.booster, SingleRowScore.LOG_ODDS)

    @cached_property
    def _one_contributions(self) -> SingleRow:
        return SingleRow(self.booster, SingleRowScore.CONTRIBUTIONS)


def predict_log_odds(booster: lgb.Booster, values: Floats) -> Floats:
    """Return the booster's raw answers for rows (R, F)."""
    if not len(values):
        return np.zeros(0)
    return np.asarray(booster.predict(values, raw_score=True), dtype=np.float64)


def booster_text(model: ChurnModel) -> str:
    """Return the trees as LightGBM writes them; `model_from` reads them back."""
    return str(model.booster.model_to_string())


def model_json(model: ChurnModel) -> dict[str, Any]:
    """Everything beside the trees as JSON values."""
    return {
        "numeric_columns": list(model.numeric_columns),
        "categories": {name: list(words) for name, words in model.categories.items()},
        "calibration": model.calibration.as_json(),
        "definition": asdict(model.definition),
        "base_rate": model.base_rate,
        "bands": model.bands.model_dump(),
        "grade": model.grade,
        "catalog_fingerprint": model.catalog_fingerprint,
        "trained_at": model.trained_at,
        "info": dict(model.info),
    }


def model_from(trees: str, saved: Mapping[str, Any]) -> ChurnModel:
    """Return the model that `booster_text` and `model_json` wrote."""
    return ChurnModel(
        booster=lgb.Booster(model_str=trees),
        numeric_columns=tuple(saved["numeric_columns"]),
        categories={name: tuple(words) for name, words in saved["categories"].items()},
        calibration=calibration_from(saved["calibration"]),
        definition=ChurnDefinition(**saved["definition"]),
        base_rate=float(saved["base_rate"]),
        bands=BandSettings(**saved["bands"]),
        grade=str(saved["grade"]),
        catalog_fingerprint=str(saved["catalog_fingerprint"]),
        trained_at=str(saved["trained_at"]),
        info=dict(saved["info"]),
    )
