"""Value at risk: the expected margin of each scored account, collected during scoring."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from features.rows import Rows
from models.churn.scoring import AccountScore
from models.churn.scoring_request import ScoringRequest
from models.value.expected import Floats, Trailing, ValueModel, trailing_of


class ExpectedMargins:
    """Collects the expected margin of accounts during a scoring pass.

    `margin` (n): over one horizon if the account stays; NaN where it was not scored.
    """

    def __init__(self, value: ValueModel, request: ScoringRequest, rate: Floats, horizon_days: int) -> None:
        count = request.log.account_count
        rows = Rows.grid(count, np.array([request.cutoff], dtype=np.int64))
        self._value, self._trailing = value, trailing_of(request.log, rows, rate, horizon_days)
        self.margin = np.full(count, np.nan)

    def __call__(self, accounts: NDArray[np.int64], values: Floats) -> None:
        trailing = Trailing(self._trailing.margin[accounts], self._trailing.short[accounts])
        self.margin[accounts] = self._value.predict(values, trailing)


def at_risk(scores: Sequence[AccountScore], margin: Floats) -> list[float | None]:
    """Return churn probability × expected margin of each score, in the order of accounts; None where one of them is
    unknown."""
    return [
        None
        if score.churn_probability is None or np.isnan(account_margin)
        else float(score.churn_probability * account_margin)
        for score, account_margin in zip(scores, margin.tolist(), strict=True)
    ]
