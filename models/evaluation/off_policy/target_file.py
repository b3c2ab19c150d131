"""A target policy given as a table: account, week, action, probability."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from kqml.errors import BadUse, CouldNot, Fault
from kqml.ids import look_alike_key
from kqml.near_match import same_look, use_known
from models.evaluation.off_policy.decisions import EvaluableRows
from models.evaluation.off_policy.randomised_rows import Flags, Floats

NEEDED = ("account_id", "action")
CLOSE = 1e-6
WEEK = re.compile(r"\d{4}-W\d{2}")


def read_target(path: Path, rows: EvaluableRows) -> tuple[Floats, Flags]:
    """Return the file's probabilities (n × K) and a mask (n) of the rows that it covers.

    Columns: account_id, action; week where it has more than one, probability where an action is not certain. Raises
    BadUse with everything wrong at once; where the file names none of the rows, too.
    """
    table = _read(path)
    faults = [*_faults(path, table, rows)]
    if faults:
        raise BadUse(f"{path} is not a target policy.", faults)
    keys = _keys(table)
    index = pd.MultiIndex.from_arrays([rows.account_ids, rows.week][: len(keys)], names=keys)
    wide = table.pivot_table(index=keys, columns="action", values="probability", aggfunc="sum", fill_value=0.0)
    result = wide.reindex(columns=list(rows.randomised.actions), fill_value=0.0)
    line = pd.MultiIndex.from_frame(result.index.to_frame()).get_indexer(index)
    if not (line >= 0).any():
        raise BadUse(f"{path} names none of the randomised decisions.", [*_without_match(path, table, rows)])
    probabilities = np.where((line >= 0)[:, None], result.to_numpy()[line], 0.0)
    return probabilities, np.asarray(line >= 0, dtype=bool)


def _keys(table: pd.DataFrame) -> list[str]:
    return ["account_id", "week"] if "week" in table else ["account_id"]


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
    for name in (name for name in text if name in table):
        table[name] = table[name].astype(object).where(table[name].notna(), "").map(str)
    return table.assign(probability=1.0) if "probability" not in table else table


def _faults(path: Path, table: pd.DataFrame, rows: EvaluableRows) -> Iterator[Fault]:
    lacking = [name for name in NEEDED if name not in table]
    if lacking:
        for name in lacking:
            yield Fault(f"{path}:{name}", "the column is missing", "give account_id, week, action, probability")
        return
    yield from _name_faults(path, table, rows)
    probability = pd.to_numeric(table["probability"], errors="coerce")
    wrong = ~probability.between(0, 1)
    if wrong.any():
        message = f"{table['probability'][wrong].iloc[0]!r} in {int(wrong.sum())} rows is not a probability"
        yield Fault(f"{path}:probability", message, "give numbers from 0 to 1")
        return
    sums = table.assign(probability=probability).groupby(_keys(table))["probability"].sum()
    broken = sums[(sums - 1.0).abs() > CLOSE]
    if len(broken):
        message = f"{broken.index[0]!r} sums to {broken.iloc[0]:.4g} ({len(broken)} such groups)"
        yield Fault(f"{path}:probability", message, "make the probabilities of each account and week sum to 1")


def _name_faults(path: Path, table: pd.DataFrame, rows: EvaluableRows) -> Iterator[Fault]:
    """Report actions that are none, weeks not written as in the log, account ids that only look like those of the
    log. Accounts and weeks outside the log are no fault."""
    actions = rows.randomised.actions
    for name in sorted(set(table["action"]) - set(actions)):
        yield Fault(f"{path}:action", f"{name!r} is not an action", use_known(name, actions))
    if "week" in table:
        wrong = table["week"][~table["week"].str.fullmatch(WEEK)]
        if len(wrong):
            what = f"{wrong.iloc[0]!r} in {len(wrong)} rows is not an ISO week such as {rows.week[0]}"
            yield Fault(f"{path}:week", what, f"use the weeks of the log, {_span(rows)}")
    known = sorted(set(rows.data.account_ids))
    alike = same_look(known)
    strange = sorted(set(table["account_id"]) - set(known))
    meant = {name: alike[key] for name in strange if (key := look_alike_key(name)) in alike}
    if meant:
        name, original = next(iter(meant.items()))
        what = f"{name!r} is not an account of the log, {original!r} is ({len(meant)} such ids)"
        yield Fault(f"{path}:account_id", what, "write the ids as in the log: letter case, blanks and zeros count")


def _without_match(path: Path, table: pd.DataFrame, rows: EvaluableRows) -> Iterator[Fault]:
    known = {"account_id": sorted(set(rows.account_ids)), "week": sorted(set(rows.week))}
    parts = {"account_id": f"such as {known['account_id'][0]!r}", "week": _span(rows)}
    keys = _keys(table)
    for name in keys:
        if not set(table[name]) & set(known[name]):
            what = f"none of its {table[name].nunique()} values, such as {table[name].iloc[0]!r}, has a decision"
            yield Fault(f"{path}:{name}", what, f"use the values of the log, {parts[name]}")
    if all(set(table[name]) & set(known[name]) for name in keys):
        account, week = table["account_id"].iloc[0], table["week"].iloc[0]
        what = f"no pair of account and week, such as {account!r} in {week!r}, has a decision"
        yield Fault(f"{path}:account_id, week", what, "give the accounts and weeks of randomised decisions")


def _span(rows: EvaluableRows) -> str:
    return f"{min(rows.week)!r} to {max(rows.week)!r}"
