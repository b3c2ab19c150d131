"""A target policy given as a table: account, week, action, probability."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from kqml.errors import BadUse, CouldNot, Fault
from models.evaluation.off_policy.decisions import EvaluableRows
from models.evaluation.off_policy.randomised_rows import Flags, Floats

NEEDED = ("account_id", "action")
CLOSE = 1e-6


def read_target(path: Path, rows: EvaluableRows) -> tuple[Floats, Flags]:
    """Return the file's probabilities (n × K) and a mask (n) of the rows that it covers.

    Columns: account_id, action; week where it has more than one, probability where an action is not certain. Raises
    BadUse with everything wrong at once.
    """
    table = _read(path)
    faults = _faults(path, table, rows.randomised.actions)
    if faults:
        raise BadUse(f"{path} is not a target policy.", faults)
    keys = ["account_id", "week"] if "week" in table else ["account_id"]
    index = pd.MultiIndex.from_arrays([rows.account_ids, rows.week][: len(keys)], names=keys)
    wide = table.pivot_table(index=keys, columns="action", values="probability", aggfunc="sum", fill_value=0.0)
    result = wide.reindex(columns=list(rows.randomised.actions), fill_value=0.0)
    line = pd.MultiIndex.from_frame(result.index.to_frame()).get_indexer(index)
    probabilities = np.where((line >= 0)[:, None], result.to_numpy()[line], 0.0)
    return probabilities, np.asarray(line >= 0, dtype=bool)


def _read(path: Path) -> pd.DataFrame:
    if not path.is_file():
        raise BadUse(
            "The target policy does not exist.",
            [Fault("policy", f"{path} is not a file", "give the name of a policy or a CSV or Parquet file")],
        )
    try:
        text = {"account_id": str, "week": str, "action": str}
        table = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=text)
    except (pa.ArrowException, OSError, ValueError) as error:
        raise CouldNot(f"{path} cannot be read: {error}") from error
    return table.assign(probability=1.0) if "probability" not in table else table


def _faults(path: Path, table: pd.DataFrame, actions: tuple[str, ...]) -> list[Fault]:
    lacking = [name for name in NEEDED if name not in table]
    if lacking:
        return [
            Fault(f"{path}:{name}", "the column is missing", "give account_id, week, action, probability")
            for name in lacking
        ]
    faults = [
        Fault(f"{path}:action", f"{name!r} is not an action", f"use {', '.join(actions)}")
        for name in sorted(set(table["action"].astype(str)) - set(actions))
    ]
    probability = pd.to_numeric(table["probability"], errors="coerce")
    wrong = ~probability.between(0, 1)
    if wrong.any():
        message = f"{table['probability'][wrong].iloc[0]!r} in {int(wrong.sum())} rows is not a probability"
        return [*faults, Fault(f"{path}:probability", message, "give numbers from 0 to 1")]
    keys = [name for name in ("account_id", "week") if name in table]
    sums = table.assign(probability=probability).groupby(keys)["probability"].sum()
    broken = sums[(sums - 1.0).abs() > CLOSE]
    if len(broken):
        message = f"{broken.index[0]!r} sums to {broken.iloc[0]:.4g} ({len(broken)} such groups)"
        faults.append(Fault(f"{path}:probability", message, "make the probabilities of each account and week sum to 1"))
    return faults
