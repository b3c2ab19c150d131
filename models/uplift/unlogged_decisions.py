"""Observed history as a decision log of every account and week."""

import numpy as np
import pandas as pd

from kqml.calendar.business_time import Instants
from kqml.dataset.folder import Dataset
from kqml.playbook import Playbook
from models.uplift.decision_log import DecisionLog


def unlogged_decisions(dataset: Dataset, playbook: Playbook, mondays: Instants) -> DecisionLog:
    """Return the history as a decision log of every account and week, without propensities, eligible by tier only."""
    accounts = dataset.event_log().accounts
    count = len(accounts) * len(mondays)
    at = np.repeat(np.sort(mondays), len(accounts))
    weeks = pd.Series(at).astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert(dataset.info.time_zone)
    no = np.zeros(count, dtype=bool)
    decisions = pd.DataFrame(
        {
            "decision_id": [f"H{number:012d}" for number in range(count)],
            "account_id": np.tile(accounts, len(mondays)),
            "week": weeks.dt.strftime("%G-W%V").to_numpy(dtype=object),
            "cutoff": at,
            "assigned": playbook.action_names[0],
            "probability": np.nan,
            "eligible": None,
            "must": no,
            "holdout": no,
            "evaluable": no,
        }
    )
    return DecisionLog(decisions, pd.DataFrame(columns=["decision_id", "state", "at", "action", "verified"]))
