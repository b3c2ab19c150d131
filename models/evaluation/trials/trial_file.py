"""A trial's file, CSV or Parquet, read and checked."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from kqml.errors import BadUse, CouldNot, Fault, Refused
from kqml.ids import look_alike_key
from kqml.near_match import near_match
from models.evaluation.trials.units import find_repeated_units, first_rows, unit_codes
from models.uplift.sample import Codes, Floats

MISSING = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None", "#N/A")
"""Texts that mean a missing value in a column that describes rows; never in the treatment, where they may be arms."""

LEAST_ROWS = 100
"""Rows that every arm needs."""

LEAST_UNITS = 10
"""Units that every arm needs where rows belong to units: fewer give no interval that holds."""

MOST_ARMS = 20


@dataclass(frozen=True)
class TrialColumns:
    """The roles of a file's columns. `exclude`: columns that the learner may not see. `unit`: the column of what was
    randomised, None where every row was. `shares`: weight of each arm in the design, empty for equal ones, None where
    the design is not stated."""

    treatment: str
    control: str
    outcome: str
    probability: str | None = None
    exclude: tuple[str, ...] = ()
    unit: str | None = None
    shares: Mapping[str, float] | None = None

    def named(self) -> dict[str, str]:
        """Flag → the column it names."""
        given = {"--treatment": self.treatment, "--outcome": self.outcome}
        optional = {"--probability": self.probability, "--unit": self.unit}
        return given | {flag: name for flag, name in optional.items() if name}


@dataclass(frozen=True)
class Trial:
    """n rows. `arms`: names, the control first, then sorted. `arm` (n): index in `arms`. `outcome` (n). `probability`
    (n): of the row's arm, NaN where the file has no such column. `columns`: the descriptive columns, n long. `unit`
    (n): code of what was randomised, every row its own unless a column names it. `shares`: by arm, None where the
    design is not stated."""

    arms: tuple[str, ...]
    arm: Codes
    outcome: Floats
    probability: Floats
    columns: pd.DataFrame
    unit: Codes
    shares: tuple[float, ...] | None = None

    @property
    def units(self) -> int:
        return len(first_rows(self.unit))

    def __len__(self) -> int:
        return len(self.arm)


def read_trial(path: Path, columns: TrialColumns) -> Trial:
    """Return the trial in a file.

    Raises BadUse where the flags do not fit the file, Refused where its rows cannot be used.
    """
    frame = _read(path)
    faults = _flag_faults(frame.columns.tolist(), columns)
    if faults:
        raise BadUse(f"The columns of the trial do not match {path}.", faults)
    arms = _texts(frame[columns.treatment])
    outcome = _numbers(frame[columns.outcome])
    probability = _numbers(frame[columns.probability]) if columns.probability else pd.Series(np.nan, frame.index)
    faults = _use_faults(columns, arms, frame[columns.outcome], outcome)
    if faults:
        raise BadUse(f"The options do not describe the trial in {path}.", faults)
    units = np.char.strip(_texts(frame[columns.unit])) if columns.unit else None
    faults = [*_row_faults(columns, arms, outcome, probability), *_unit_faults(columns, arms, units)]
    if faults:
        raise Refused(f"The rows of {path} are not valid.", faults)
    names = (columns.control, *sorted(set(arms.tolist()) - {columns.control}))
    codes = pd.Categorical(arms, categories=list(names)).codes.astype(np.int64)
    # Neither the treatment nor the outcome may describe a row.
    unit = np.arange(len(frame)) if units is None else unit_codes(units)
    others = frame.drop(columns=[*columns.named().values()], errors="ignore")
    left = others.drop(columns=[*columns.exclude], errors="ignore")
    # A column that the learner does not see may still be what was randomised, unless another one is named.
    faults = _repeated_faults(others if units is None else left, codes, unit)
    if faults:
        raise Refused(f"The rows of {path} are not independent.", faults)
    described = pd.DataFrame({name: _described(left[name]) for name in left}, index=left.index)
    shares = None if columns.shares is None else tuple(columns.shares.get(name, 1.0) for name in names)
    return Trial(names, codes, _floats(outcome), _floats(probability), described, unit, shares)


def _floats(column: "pd.Series[float]") -> Floats:
    return np.asarray(column.to_numpy(), dtype=np.float64)


def _read(path: Path) -> pd.DataFrame:
    try:
        with path.open("rb") as file:
            parquet = file.read(4) == b"PAR1"
        if parquet:
            return pd.read_parquet(path)
        # All as text: pandas would read an arm named "NA" or "None" as missing, and "01" as 1.
        return pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8-sig", skipinitialspace=False)
    except (FileNotFoundError, IsADirectoryError) as error:
        raise BadUse(
            f"{path} does not exist or is not a file.",
            [Fault(str(path), "is not a file", "give a CSV or Parquet file")],
        ) from error
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError, pa.ArrowException) as error:
        fault = Fault(str(path), f"{type(error).__name__}: {error}", "give CSV in UTF-8 with a header line, or Parquet")
        raise Refused(f"{path} is not a table.", [fault]) from error
    except OSError as error:
        raise CouldNot(f"{path} cannot be read: {error}.") from error


def _flag_faults(columns: list[str], request: TrialColumns) -> list[Fault]:
    wanted = [*request.named().items(), *(("--exclude", name) for name in request.exclude)]
    faults = [
        Fault(flag, f"{name!r} is not a column", _hint(name, columns)) for flag, name in wanted if name not in columns
    ]
    used = list(request.named().values())
    faults += [
        Fault("columns", f"{name!r} is used twice", "use each column once")
        for name in sorted({name for name in used if used.count(name) > 1} | (set(used) & set(request.exclude)))
    ]
    return faults


def _hint(name: str, columns: list[str]) -> str:
    near = near_match(name, columns)
    return f"did you mean {near!r}?" if near else f"use one of {', '.join(columns[:12])}"


def _use_faults(
    columns: TrialColumns, arms: NDArray[np.str_], raw: "pd.Series[str]", outcome: "pd.Series[float]"
) -> list[Fault]:
    names = sorted(set(arms.tolist()))
    faults = [*_alike_faults(columns, arms), *_share_faults(columns, names)]
    if columns.control not in names:
        faults.append(
            Fault(
                "--control", f"{columns.control!r} is not a value of {columns.treatment}", _hint(columns.control, names)
            )
        )
    if len(names) > MOST_ARMS:
        faults.append(
            Fault(
                "--treatment",
                f"{columns.treatment} has {len(names)} distinct values",
                f"give a column with at most {MOST_ARMS} arms",
            )
        )
    strange = outcome.isna() & ~_is_missing(raw)
    if strange.any():
        example = raw[strange].iloc[0]
        faults.append(
            Fault(
                "--outcome",
                f"{columns.outcome} contains {example!r} ({strange.sum()} such rows)",
                "give a numeric column",
            )
        )
    return faults


def _alike_faults(columns: TrialColumns, arms: NDArray[np.str_]) -> Iterator[Fault]:
    """Report arms that differ only by letter case, blanks or width."""
    names, counts = np.unique(arms[np.char.strip(arms) != ""], return_counts=True)
    alike: dict[str, list[str]] = {}
    for name, count in zip(names.tolist(), counts.tolist(), strict=True):
        alike.setdefault(look_alike_key(name), []).append(f"{name!r} ({count} rows)")
    for group in alike.values():
        if len(group) > 1:
            what = f"{', '.join(group)} differ only by letter case, blanks or zeros"
            yield Fault(f"--treatment {columns.treatment}", what, "write each arm in one spelling")


def _share_faults(columns: TrialColumns, names: list[str]) -> Iterator[Fault]:
    """Report shares of arms that the file does not have, and arms without a share."""
    if not columns.shares:
        return
    for name in columns.shares:
        if name not in names:
            yield Fault("--shares", f"{name!r} is not a value of {columns.treatment}", _hint(name, names))
    lacking = [name for name in names if name not in columns.shares]
    if lacking:
        yield Fault("--shares", f"{', '.join(map(repr, lacking))} has no share", "give the share of every arm")


def _unit_faults(columns: TrialColumns, arms: NDArray[np.str_], units: NDArray[np.str_] | None) -> Iterator[Fault]:
    if units is None or columns.unit is None:
        return
    missing = units == ""
    if missing.any():
        yield Fault(columns.unit, f"is missing in {missing.sum()} rows", "give the unit of every row")
    for name in np.unique(arms).tolist():
        count = len(np.unique(units[arms == name]))
        if count < LEAST_UNITS:
            what = f"has {count} units of {columns.unit}"
            yield Fault(f"{columns.treatment} {name}", what, f"provide at least {LEAST_UNITS} units in every arm")


def _repeated_faults(columns: pd.DataFrame, arm: Codes, unit: Codes) -> list[Fault]:
    return [
        Fault(
            repeated.column,
            f"{repeated.repeated} of its {repeated.values} values have several rows, all in one arm: the arms were "
            "assigned to these values, not to rows",
            f"name what was randomised with --unit, for example --unit {repeated.column}",
        )
        for repeated in find_repeated_units(columns, arm, unit)
    ]


def _row_faults(
    columns: TrialColumns, arms: NDArray[np.str_], outcome: "pd.Series[float]", probability: "pd.Series[float]"
) -> list[Fault]:
    faults = []
    unknown = outcome.isna() | ~np.isfinite(outcome)
    if unknown.any():
        first = int(np.flatnonzero(unknown)[0]) + 1
        faults.append(
            Fault(
                columns.outcome,
                f"is missing in {unknown.sum()} rows, first in row {first}",
                "provide every outcome: removing rows after randomisation biases the estimate",
            )
        )
    elif outcome.nunique() < 2:
        faults.append(
            Fault(
                columns.outcome,
                f"is {outcome.iloc[0] if len(outcome) else 'nothing'} in every row",
                "give an outcome that varies",
            )
        )
    blank = np.char.strip(arms) == ""
    if blank.any():
        faults.append(Fault(columns.treatment, f"is missing in {blank.sum()} rows", "give the arm of every row"))
    if columns.probability:
        wrong = ~((probability > 0) & (probability <= 1))
        if wrong.any():
            faults.append(
                Fault(
                    columns.probability,
                    f"{probability[wrong].iloc[0]} is not a probability ({wrong.sum()} such rows)",
                    "give the probability of the row's own arm, above 0 and at most 1",
                )
            )
    names, counts = np.unique(arms, return_counts=True)
    faults += [
        Fault(
            f"{columns.treatment} {name}",
            f"has {count} rows",
            f"provide at least {LEAST_ROWS} rows, or remove the arm from the file",
        )
        for name, count in zip(names.tolist(), counts.tolist(), strict=True)
        if count < LEAST_ROWS and name.strip()
    ]
    if len(names) < 2:
        faults.append(Fault(columns.treatment, "has one arm", "provide a control and at least one treated arm"))
    return faults


def _texts(column: "pd.Series[str]") -> NDArray[np.str_]:
    result = column.astype(object).where(column.notna(), "")
    return np.array([str(value) for value in result.tolist()], dtype=np.str_)


def _is_missing(column: "pd.Series[str]") -> "pd.Series[bool]":
    return column.isna() | column.isin(MISSING)


def _numbers(column: "pd.Series[str]") -> "pd.Series[float]":
    """As numbers, NaN where missing or not a number; True and False are 1 and 0."""
    if pd.api.types.is_bool_dtype(column):
        return column.astype(np.float64)
    if column.dtype == object or pd.api.types.is_string_dtype(column):
        # CSV files of pandas and JSON spell booleans like this.
        column = column.replace({"True": "1", "False": "0", "true": "1", "false": "0"})
    return pd.to_numeric(column, errors="coerce").astype(np.float64)


def _described(column: "pd.Series[str]") -> "pd.Series[float] | pd.Series[str]":
    """Numbers where every present value is one (instants too), else text with None."""
    if pd.api.types.is_datetime64_any_dtype(column):
        return column.astype("int64").astype(np.float64).where(column.notna())
    numbers = _numbers(column)
    missing = _is_missing(column)
    if bool((numbers.notna() | missing).all()):
        return numbers
    return column.astype(object).where(~missing, None)
