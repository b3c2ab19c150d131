"""Units of randomisation of a trial: the column that is named, columns that look like an unnamed one."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.stats import binom

from models.uplift.sample import Codes

ONE_ARM = 0.95
"""Share of the repeated values that must have a single arm; a few wrong rows do not hide a unit."""

SURE = 1e-6
"""Family-wise probability below which so many values of a single arm are no coincidence."""

LEVELS_PER_ARM = 2
"""A column with at most so many values per arm may be the arm itself under other names."""


@dataclass(frozen=True)
class RepeatedUnit:
    """A column whose `repeated` values with more than one row have a single arm each, beyond chance."""

    column: str
    values: int
    repeated: int


def unit_codes(values: NDArray[np.str_]) -> Codes:
    """Return a code per row, the same for ids that differ only by blanks around them."""
    return np.asarray(np.unique(np.char.strip(values), return_inverse=True)[1], dtype=np.int64)


def first_rows(unit: Codes) -> Codes:
    """Return the index of the first row of each unit, ascending."""
    return np.sort(np.unique(unit, return_index=True)[1])


def randomised_rows(unit: Codes, arm: Codes) -> Codes:
    """Return the rows that were randomised: the first of each unit, or all where a unit has several arms."""
    first = first_rows(unit)
    whole = len(np.unique(unit * (int(arm.max()) + 1) + arm)) == len(first)
    return first if whole else np.arange(len(unit))


def find_repeated_units(columns: pd.DataFrame, arm: Codes, unit: Codes) -> list[RepeatedUnit]:
    """Return the columns that randomisation went by, although the rows are taken as those of `unit` (n).

    Rows that are randomised one by one give the rows of a value different arms. A column in which they all share one,
    in two arms or more, is the unit itself, such as an account with a row for each week.
    """
    return [result for name in columns for result in _repeated(str(name), columns[name], arm, unit, columns.shape[1])]


def _repeated(name: str, column: "pd.Series[str]", arm: Codes, unit: Codes, columns: int) -> Iterator[RepeatedUnit]:
    known = column.notna().to_numpy() & (column.astype(str).str.strip() != "").to_numpy()
    rows = pd.DataFrame({"value": column.astype(str).to_numpy()[known], "arm": arm[known], "unit": unit[known]})
    # A name beside a named unit repeats with it and tells nothing more.
    by_value = rows.drop_duplicates(["value", "unit"]).groupby("value")["arm"]
    table = by_value.agg(["size", "nunique", "first"])
    repeated = table[table["size"] > 1]
    single = repeated[repeated["nunique"] == 1]
    arms = int(arm.max()) + 1
    if len(table) <= LEVELS_PER_ARM * arms or single["first"].nunique() < 2 or len(single) < ONE_ARM * len(repeated):
        return
    shares = np.bincount(arm, minlength=arms) / len(arm)
    by_chance = (shares[None, :] ** repeated["size"].to_numpy()[:, None]).sum(axis=1).mean()
    if binom.sf(len(single) - 1, len(repeated), by_chance) < SURE / columns:
        yield RepeatedUnit(name, len(table), len(repeated))
