"""Reading of a decision log: two Parquet tables beside a dataset."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from kqml.errors import BadUse, CouldNot, Fault

DECISION_COLUMNS = (
    "decision_id",
    "account_id",
    "week",
    "cutoff",
    "assigned",
    "probability",
    "eligible",
    "must",
    "holdout",
    "evaluable",
)
STATE_COLUMNS = ("decision_id", "state", "at", "action", "verified")


@dataclass(frozen=True)
class DecisionLog:
    """`decisions`: one row for each decision, `cutoff` in microseconds.

    `states`: the states of decisions, in order of time.
    """

    decisions: pd.DataFrame
    states: pd.DataFrame


def read_decision_log(folder: Path) -> DecisionLog:
    """Return the log in a folder. Raises BadUse where there is none, CouldNot where it cannot be read."""
    decisions = _read(folder / "decisions.parquet", DECISION_COLUMNS)
    states = _read(folder / "decision_states.parquet", STATE_COLUMNS)
    decisions["cutoff"] = _microseconds(decisions["cutoff"])
    states["at"] = _microseconds(states["at"])
    return DecisionLog(decisions, states.sort_values(["decision_id", "at"], kind="stable", ignore_index=True))


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    if not path.is_file():
        todo = "name a folder that `kqml simulate --log` or `kqml plan` wrote"
        raise BadUse("The decision log does not exist.", [Fault(str(path), "the file does not exist", todo)])
    try:
        names = pq.read_schema(path).names
        lacking = [name for name in columns if name not in names]
        if lacking:
            fault = Fault(str(path), f"the columns {', '.join(lacking)} are missing", "write the log again")
            raise CouldNot("The decision log is incomplete.", [fault])
        return pd.DataFrame(pq.read_table(path, columns=list(columns)).to_pandas())
    except (pa.ArrowException, OSError) as error:
        raise CouldNot(f"{path} cannot be read: {error}") from error


def _microseconds(instants: "pd.Series[pd.Timestamp]") -> "pd.Series[int]":
    return instants.astype("datetime64[us, UTC]").astype("int64")
