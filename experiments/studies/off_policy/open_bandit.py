"""Open Bandit logs: the value of one logging policy estimated from the log of the other (Saito et al. 2021).

The files lack propensities of items that were not shown, so a target's probabilities are its frequencies by position.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from experiments.public_data import data_folder
from kqml.errors import CouldNot, Fault
from models.evaluation.off_policy.clustering import clusters_of
from models.evaluation.off_policy.estimators import values
from models.evaluation.off_policy.randomised_rows import Codes, Floats, WeightedRows
from models.evaluation.off_policy.support import PolicySupport, policy_support

FOLDS = 5


def read_bandit(policy: str, campaign: str, folder: Path | None = None) -> pd.DataFrame:
    """Return the impressions of `random` or `bts` for `men` or `women`. Raises CouldNot where the files are missing."""
    path = (folder or data_folder()) / "open_bandit" / policy / campaign / f"{campaign}.csv"
    if not path.is_file():
        fault = Fault(str(path), "is absent", "obtain the small Open Bandit data (research.zozo.com, CC BY 4.0)")
        raise CouldNot("The Open Bandit data are not here.", [fault])
    return pd.read_csv(path, usecols=["item_id", "position", "click", "propensity_score"])


def from_one_log(campaign: str, logged: str, target: str, folder: Path | None = None) -> dict[str, Any]:
    """Estimate the clicks per impression of `target` from the log of `logged`, with the value in its own log."""
    log, target_log = read_bandit(logged, campaign, folder), read_bandit(target, campaign, folder)
    items = int(max(log["item_id"].max(), target_log["item_id"].max())) + 1
    weight = _probabilities(log, target_log, items, target) / log["propensity_score"].to_numpy()
    click = log["click"].to_numpy(dtype=np.float64)
    support = policy_support(weight)
    result = {} if support.refused else _values(log, weight, click)
    return {
        "campaign": campaign,
        "log": logged,
        "target": target,
        "approximate": target == "bts",
        "refused": support.refused,
        **_support(support),
        "values": result,
        "own_log": float(target_log["click"].mean()),
    }


def _probabilities(log: pd.DataFrame, target_log: pd.DataFrame, items: int, target: str) -> Floats:
    """Return the target's probability of the item that each row of the log shows at its position."""
    if target == "random":
        return np.full(len(log), 1.0 / items)
    counts = target_log.groupby(["position", "item_id"]).size()
    shares = counts / counts.groupby(level="position").transform("sum")
    keys = pd.MultiIndex.from_frame(log[["position", "item_id"]])
    return shares.reindex(keys, fill_value=0.0).to_numpy(dtype=np.float64)


def _values(log: pd.DataFrame, weight: Floats, click: Floats) -> Mapping[str, Any]:
    rows = np.arange(len(log))
    result = values(_weighed(log, weight, click), click, clusters_of(rows))
    return {
        name: {"value": estimate.value, "low": estimate.low, "high": estimate.high} for name, estimate in result.items()
    }


def _weighed(log: pd.DataFrame, weight: Floats, click: Floats) -> WeightedRows:
    """Return the estimates; the regression is the mean click of each position in the other folds."""
    fold: Codes = np.random.default_rng(0).integers(0, FOLDS, len(log))
    position = log["position"].to_numpy()
    fitted = np.zeros(len(log))
    for fold_index in range(FOLDS):
        for slot in np.unique(position):
            here, there = (fold == fold_index) & (position == slot), (fold != fold_index) & (position == slot)
            fitted[here] = click[there].mean()
    return WeightedRows(weight, fitted, fitted)


def _support(support: PolicySupport) -> dict[str, float]:
    return {"effective": support.effective, "mean_weight": support.mean_weight}


def both_ways(folder: Path | None = None) -> list[dict[str, Any]]:
    """Evaluate each policy from the log of the other, for each campaign."""
    return [
        from_one_log(campaign, *pair, folder)
        for campaign in ("men", "women")
        for pair in (("random", "bts"), ("bts", "random"))
    ]
