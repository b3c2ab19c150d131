"""The eligible actions of logged decisions, which the log keeps as JSON lists."""

import json

import numpy as np
import pandas as pd

from models.uplift.sample import Flags


def parse_eligible(texts: "pd.Series[str]", actions: tuple[str, ...]) -> Flags:
    """Return eligibility (R, A); every action is eligible where the log has no list."""
    codes, distinct = pd.factorize(texts)
    table = np.array([[action in json.loads(text) for action in actions] for text in distinct], dtype=np.bool_)
    everything = np.ones((1, len(actions)), dtype=np.bool_)
    return np.concatenate([table.reshape(-1, len(actions)), everything])[codes]
