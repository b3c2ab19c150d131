"""What describes the rows of a trial, as numbers for a learner."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.uplift.sample import Floats

MOST_LEVELS = 15
"""Texts with at most so many values get a column for each; with more, the place of their frequency."""

ID_SHARE = 0.5
"""A text column with more different values than this share of the rows names rows, and describes none."""


@dataclass(frozen=True)
class Encoded:
    """`values` (n, F), NaN is missing. `used`: the columns of the file that are in it. `left_out`: the others."""

    values: Floats
    used: tuple[str, ...]
    left_out: tuple[str, ...]


def encode(columns: pd.DataFrame) -> Encoded:
    """Numbers as they are, texts by their levels; constant columns and names of rows are left out."""
    result = {str(name): _numeric(columns[name]) for name in columns}
    used = {name: values for name, values in result.items() if values is not None}
    wide = np.column_stack(list(used.values())) if used else np.zeros((len(columns), 1))
    return Encoded(wide, tuple(used), tuple(name for name in result if name not in used))


def _numeric(column: "pd.Series[float] | pd.Series[str]") -> Floats | None:
    levels = column.nunique()
    if levels + bool(column.isna().any()) < 2:
        return None
    if column.dtype != object:
        return np.asarray(column.to_numpy(), dtype=np.float64)[:, None]
    # A learner would split such a column by row, fitting noise.
    if levels > ID_SHARE * len(column):
        return None
    counts = column.value_counts()
    if levels <= MOST_LEVELS:
        # Without missing values one level follows from the others and is left out.
        names = counts.index[1:] if levels > 1 and not column.isna().any() else counts.index
        return np.column_stack([np.asarray(column == name, dtype=np.float64) for name in names])
    # Rank by frequency: trees can cut off rare values together, and the code needs nothing of the outcome.
    place = pd.Series(np.arange(len(counts)), index=counts.index)
    return np.asarray(column.map(place).to_numpy(), dtype=np.float64)[:, None]
