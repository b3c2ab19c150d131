"""Which share of an account's amounts is margin."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kqml.dataset.folder import Dataset
from kqml.playbook import Playbook


def margin_rates(dataset: Dataset, playbook: Playbook) -> NDArray[np.float64]:
    """Per account of the log the playbook's rate of its segment; the mean rate where the segment is not told, 1 where
    the playbook has no rate at all."""
    accounts = dataset.accounts()
    segment = accounts.get("segment", pd.Series(index=accounts.index, dtype=object))
    usual = float(np.mean(list(playbook.margin_rate.values()) or [1.0]))
    rates = segment.map(dict(playbook.margin_rate)).astype(np.float64).fillna(usual)
    return np.asarray(rates, dtype=np.float64)
