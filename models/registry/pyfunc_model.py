"""The model as MLflow serves it: calibrated churn probabilities from a feature matrix.

MLflow runs this file (models from code); it needs only numpy, pandas, LightGBM (which brings SciPy) and MLflow.
The matrix is the one that `kqml features --model VERSION` writes: categories are text, missing values null.
"""

import json
import warnings
from pathlib import Path
from typing import Any

import lightgbm as lgb
import numpy as np
import pandas as pd
from mlflow.models import set_model
from mlflow.pyfunc.model import PythonModel, PythonModelContext
from numpy.typing import NDArray
from scipy.special import expit


class ChurnProbability(PythonModel):
    """Reads the bundle once; predicts a probability per row."""

    def load_context(self, context: PythonModelContext) -> None:
        folder = Path(context.artifacts["bundle"])
        self._booster = lgb.Booster(model_str=(folder / "booster.txt").read_text(encoding="utf-8"))
        self._model = json.loads((folder / "model.json").read_text(encoding="utf-8"))

    def predict(
        self, context: PythonModelContext, model_input: pd.DataFrame, params: dict[str, Any] | None = None
    ) -> pd.Series:
        log_odds = np.asarray(self._booster.predict(self._rows(model_input), raw_score=True, num_threads=1))
        probabilities = _calibrated(log_odds, self._model["calibration"])
        return pd.Series(probabilities, index=model_input.index, name="churn_probability")

    def _rows(self, table: pd.DataFrame) -> NDArray[np.float64]:
        wanted = [*self._model["numeric_columns"], *self._model["categories"]]
        missing = [name for name in wanted if name not in table]
        if missing:
            raise ValueError(
                f"The matrix lacks {len(missing)} columns of the model: {', '.join(missing[:10])}. "
                "Write the matrix with `kqml features DIR --model VERSION --out FILE`; values may be null."
            )
        numbers = table[self._model["numeric_columns"]].to_numpy(dtype=np.float64, na_value=np.nan)
        codes = [_codes(table, name, words) for name, words in self._model["categories"].items()]
        return np.column_stack([numbers, *codes])


def _codes(table: pd.DataFrame, name: str, words: list[str]) -> NDArray[np.float64]:
    index = {word: code for code, word in enumerate(words)}
    unknown = sorted({str(word) for word in table[name].dropna().unique()} - set(words))
    if unknown:
        warnings.warn(
            f"{name}: the model does not know {unknown[:10]!r} and treats them as missing; it knows {words!r}.",
            UserWarning,
            stacklevel=2,
        )
    return np.array([index.get(word, np.nan) for word in table[name]], dtype=np.float64)


def _calibrated(log_odds: NDArray[np.float64], calibration: dict[str, Any]) -> NDArray[np.float64]:
    """What `models.churn.calibration` does; a test holds the two bit-equal."""
    if calibration["kind"] == "logistic":
        return np.asarray(expit(calibration["intercept"] + calibration["slope"] * log_odds))
    knots, levels = calibration["knots"], calibration["levels"]
    beyond = log_odds - np.clip(log_odds, knots[0], knots[-1])
    return np.asarray(expit(np.interp(log_odds, knots, levels) + beyond))


set_model(ChurnProbability())
