"""Hidden facts of the world for rows of a training set."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from experiments.bench.world_churn.model_accuracy import WEEKS
from experiments.world.almanac import WeekDates
from features.training_set import TrainingSet
from models.churn.examples import Examples

Mask = NDArray[np.bool_]
LAST = WEEKS + 30
DATES = WeekDates()
WEEK_OF = {DATES.cutoff(week): week for week in range(LAST)}
NUMBER_OF = {DATES.name(week): week for week in range(LAST)}


def left_by_the_end(result: TrainingSet, test: Examples, truth: Path) -> Mask:
    """Return the rows whose account had silently left for good at the end of its label window."""
    departures = pd.read_parquet(truth / "departures.parquet", columns=["account_id", "week"])
    gone_at = {account: DATES.cutoff(NUMBER_OF[week] + 1) for account, week in departures.itertuples(index=False)}
    ids = result.accounts[test.account]
    never = np.iinfo(np.int64).max
    return np.array([gone_at.get(account, never) for account in ids], dtype=np.int64) <= test.matures_at


def pictures_of(result: TrainingSet, test: Examples, truth: Path) -> pd.DataFrame:
    """Return the hidden states of each test row; missing in weeks without a snapshot."""
    keys = pd.DataFrame(
        {
            "account_id": result.accounts[test.account].astype(str),
            "week": [DATES.name(WEEK_OF[int(cutoff)]) for cutoff in test.cutoff],
        }
    )
    return keys.merge(pd.read_parquet(truth / "states.parquet"), on=["account_id", "week"], how="left")


def facts_of(pictures: pd.DataFrame) -> Mapping[str, Mask]:
    """Return the hidden facts under which reason codes should weigh more; false without a snapshot."""

    def holds(name: str) -> Mask:
        return np.asarray(pictures[name].fillna(False).astype(bool), dtype=bool)

    return {
        "known": np.asarray(pictures["closeness"].notna(), dtype=bool),
        "complaint_open": holds("complaint_open"),
        "courted": holds("courted"),
        "grieved": np.asarray(pictures["grievance"] > 0.6, dtype=bool),
        "promise_broken": holds("promise_broken"),
        "neglected": np.asarray(pictures["closeness"] < 0.4, dtype=bool),
    }
