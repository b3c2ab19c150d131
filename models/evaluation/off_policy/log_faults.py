"""Checks of a decision log: faults that make its propensities unusable."""

import json
from collections.abc import Iterator

import numpy as np
import pandas as pd

from kqml.errors import Fault, Refused
from models.evaluation.off_policy.randomised_rows import Flags

FLAGS = ("must", "holdout", "evaluable")


def refuse_faulty_log(decisions: pd.DataFrame, time_zone: str) -> None:
    """Raise Refused with every fault. `decisions`: from `read_decision_log`; with a probability they are randomised."""
    faults = [*_faults(decisions, time_zone)] if len(decisions) else [_empty()]
    if faults:
        raise Refused("The decision log cannot be evaluated.", faults)


def _empty() -> Fault:
    return Fault("decisions", "the log is empty", "log weeks with `kqml plan --log`, or run a pilot")


def _faults(decisions: pd.DataFrame, time_zone: str) -> Iterator[Fault]:
    probability = pd.to_numeric(decisions["probability"], errors="coerce").to_numpy(dtype=np.float64)
    randomised = decisions["probability"].notna().to_numpy()
    impossible = randomised & ~((probability > 0) & (probability <= 1))
    yield from _fault(
        decisions["probability"],
        impossible,
        "give the propensity of the action, above 0 and at most 1, or leave it empty",
    )
    nothing = randomised & decisions["assigned"].isna().to_numpy()
    yield from _fault(decisions["assigned"], nothing, "give the assigned action of every randomised decision")
    eligible = decisions["eligible"].map(_listed)
    broken = (decisions["eligible"].notna() & eligible.isna()).to_numpy()
    yield from _fault(decisions["eligible"], broken, "give a JSON list of actions")
    pairs = zip(decisions["assigned"], eligible, strict=True)
    outside = np.array([may is not None and action not in may for action, may in pairs])
    outside &= randomised & ~nothing & ~broken & decisions["eligible"].notna().to_numpy()
    yield from _fault(decisions["assigned"], outside, "list the assigned action among the eligible actions")
    weeks = pd.to_datetime(decisions["cutoff"], unit="us", utc=True).dt.tz_convert(time_zone).dt.strftime("%G-W%V")
    # A week that does not begin at its cutoff means that features or outcomes belong to another week.
    wrong_week = (decisions["week"].astype(object) != weeks.astype(object)).to_numpy()
    yield from _fault(decisions["week"], wrong_week, "give the ISO week that starts at the cutoff")
    for name in FLAGS:
        yield from _fault(decisions[name], decisions[name].isna().to_numpy(), "give true or false")


def _listed(text: object) -> list[str] | None:
    try:
        result = json.loads(str(text))
    except ValueError:
        return None
    return result if isinstance(result, list) else None


def _fault(column: "pd.Series[str]", wrong: Flags, todo: str) -> Iterator[Fault]:
    if wrong.any():
        example = column.to_numpy(dtype=object)[wrong][0]
        yield Fault(str(column.name), f"{example!r} in {int(wrong.sum())} of {len(column)} rows", todo)
