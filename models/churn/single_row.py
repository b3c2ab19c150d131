"""Fast predictions of single rows by LightGBM's single-row calls, set up in advance."""

import ctypes
from enum import IntEnum

import lightgbm as lgb
import numpy as np
from numpy.typing import NDArray

from models.churn.logistic_line import Floats

_FLOAT64 = 1
_SETTINGS = ctypes.c_char_p(b"num_threads=1")


class SingleRowScore(IntEnum):
    """What LightGBM gives back for a row (its C_API_PREDICT_*)."""

    LOG_ODDS = 1
    CONTRIBUTIONS = 3


class SingleRow:
    """A prepared call for rows of F float64 numbers; usable from many threads, as LightGBM locks a row's buffers.

    It keeps the booster alive and gives exactly what `Booster.predict` gives for the row.
    """

    def __init__(self, booster: lgb.Booster, answer: SingleRowScore) -> None:
        self._library = lgb.basic._LIB  # type: ignore[attr-defined]
        self._booster = booster
        self._width = booster.num_feature()
        self._answers = self._width + 1 if answer is SingleRowScore.CONTRIBUTIONS else 1
        self._call = ctypes.c_void_p()
        self._checked(
            self._library.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle,
                ctypes.c_int(answer.value),
                ctypes.c_int(0),
                ctypes.c_int(-1),
                ctypes.c_int(_FLOAT64),
                ctypes.c_int32(self._width),
                _SETTINGS,
                ctypes.byref(self._call),
            )
        )

    def __call__(self, row: NDArray[np.float64]) -> Floats:
        """Return the answers for one C-contiguous float64 row of F numbers."""
        answers = np.empty(self._answers)
        count = ctypes.c_int64()
        self._checked(
            self._library.LGBM_BoosterPredictForMatSingleRowFast(
                self._call,
                ctypes.c_void_p(row.ctypes.data),
                ctypes.byref(count),
                ctypes.cast(answers.ctypes.data, ctypes.POINTER(ctypes.c_double)),
            )
        )
        return answers

    def __del__(self) -> None:
        if getattr(self, "_call", None):
            self._library.LGBM_FastConfigFree(self._call)

    def _checked(self, code: int) -> None:
        if code != 0:
            raise lgb.basic.LightGBMError(self._library.LGBM_GetLastError().decode())
