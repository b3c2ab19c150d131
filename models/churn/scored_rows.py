"""The rows of a test block with the score that every model gave them."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from features.labels import LabelledRows
from models.churn.baselines import RULES
from models.churn.logistic_line import Floats
from models.churn.metrics import Mask

OURS = "kqml"
REFERENCE = "reference_lightgbm"
RFM = "rfm_logistic"
PROBABILITIES = frozenset({OURS, REFERENCE, RFM})
"""Models whose scores are probabilities; those of a rule only order the rows."""

MODELS = (OURS, REFERENCE, RFM, *RULES)


@dataclass(frozen=True)
class ScoredRows:
    """T test rows, censored ones included. `scores`: by model name. `money`: trailing order money over one horizon,
    NaN where none is recorded. `profile`: tier, segment, region as far as known then, row by row."""

    labels: LabelledRows
    scores: Mapping[str, Floats]
    money: Floats
    profile: pd.DataFrame

    def where(self, mask: Mask) -> "ScoredRows":
        """Return the rows of `mask`, in the same order."""
        return ScoredRows(
            self.labels.where(mask),
            {name: score[mask] for name, score in self.scores.items()},
            self.money[mask],
            self.profile.iloc[np.flatnonzero(mask)],
        )

    def uncensored(self) -> "ScoredRows":
        return self.where(~self.labels.censored)

    def churned_accounts(self) -> int:
        """Distinct accounts with a churned row."""
        return len(np.unique(self.labels.rows.account[self.labels.churned]))
