"""Randomised trials of known truth, as files."""

from pathlib import Path

import numpy as np
import pandas as pd


def made_trial(kind: str, rows: int = 3000, seed: int = 0) -> pd.DataFrame:
    """Arms `none`, `mail`, `call`. `personal`: mail helps the young, call the old; `one_arm`: call helps everybody;
    `nothing`: no arm does anything."""
    random = np.random.default_rng(seed)
    age, town = random.uniform(20, 80, rows), random.choice(["north", "south"], rows)
    arm = random.choice(["none", "mail", "call"], rows)
    young = age < 50
    effect = {
        "personal": np.select(
            [arm == "mail", arm == "call"], [np.where(young, 3.0, -3.0), np.where(young, -3.0, 3.0)], 0.0
        ),
        "one_arm": np.where(arm == "call", 2.0, 0.0),
        "nothing": np.zeros(rows),
    }[kind]
    sales = 20 + 0.2 * age + 3 * (town == "north") + effect + random.normal(0, 4, rows)
    return pd.DataFrame({"age": age.round(1), "town": town, "arm": arm, "sales": sales.round(3)})


def written(frame: pd.DataFrame, path: Path) -> Path:
    """The frame as CSV, or as Parquet where the name says so."""
    if path.suffix == ".parquet":
        frame.to_parquet(path, index=False)
    else:
        frame.to_csv(path, index=False)
    return path
