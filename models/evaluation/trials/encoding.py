"""Encoding of a trial's descriptive columns as numbers for a learner."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from models.uplift.sample import Floats

MOST_LEVELS = 15
"""Texts with at most so many values are one-hot encoded; with more, by the rank of their frequency."""

ID_SHARE = 0.5
"""A text column with more distinct values than this share of the units is an identifier."""


@dataclass(frozen=True)
class EncodedColumns:
    """`values` (n, F), NaN is missing. `used`: the columns of the file that are in it. `left_out`: the others."""

    values: Floats
    used: tuple[str, ...]
    left_out: tuple[str, ...]


def encode(columns: pd.DataFrame, units: int) -> EncodedColumns:
    """Encode numbers as they are and texts by their levels; leave out constant columns and identifiers of rows
    or of the `units` that they belong to."""
    result = {str(name): _numeric(columns[name], units) for name in columns}
    used = {name: values for name, values in result.items() if values is not None}
    wide = np.column_stack(list(used.values())) if used else np.zeros((len(columns), 1))
    return EncodedColumns(wide, tuple(used), tuple(name for name in result if name not in used))


def _numeric(column: "pd.Series[float] | pd.Series[str]", units: int) -> Floats | None:
    levels = column.nunique()
    if levels + bool(column.isna().any()) < 2:
        return None
    if column.dtype != object:
        return np.asarray(column.to_numpy(), dtype=np.float64)[:, None]
    # A learner would split such a column by row, fitting noise.
    if levels > ID_SHARE * units:
        return None
    counts = column.value_counts()
    if levels <= MOST_LEVELS:
        # Without missing values one level follows from the others and is left out.
        names = counts.index[1:] if levels > 1 and not column.isna().any() else counts.index
        return np.column_stack([np.asarray(column == name, dtype=np.float64) for name in names])
    # Rank by frequency: trees can cut off rare values together, and the code needs nothing of the outcome.
    rank = pd.Series(np.arange(len(counts)), index=counts.index)
    return np.asarray(column.map(rank).to_numpy(), dtype=np.float64)[:, None]
