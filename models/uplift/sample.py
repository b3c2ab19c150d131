"""The validated sample of decisions that effects are learned from."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from kqml.errors import BadUse, Fault

Floats = NDArray[np.float64]
Codes = NDArray[np.int64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True)
class DecisionSample:
    """n rows.

    `values` (n, F): features, NaN is missing. `action` (n): index in `actions`, the first of which is the reference.
    `probability` (n): propensity of the action taken, NaN where unknown. `account` (n): code of the account; rows of
    one account are in one fold. `eligible` (n, A): whether the row could have had the action.
    """

    values: Floats
    action: Codes
    outcome: Floats
    probability: Floats
    account: Codes
    eligible: Flags
    actions: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.outcome)

    def where(self, mask: Flags) -> "DecisionSample":
        """Return the rows for which `mask` is true, in the same order."""
        arrays: dict[str, Any] = {
            name: value[mask] for name, value in vars(self).items() if isinstance(value, np.ndarray)
        }
        return replace(self, **arrays)

    def taken(self) -> Flags:
        """Return (n, A): whether the row had the action."""
        return np.asarray(self.action[:, None] == np.arange(len(self.actions)), dtype=np.bool_)


def decision_sample(
    X: ArrayLike,
    action: ArrayLike,
    outcome: ArrayLike,
    probability: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    eligible: ArrayLike | None = None,
    actions: Sequence[str] | None = None,
) -> DecisionSample:
    """Return the validated sample.

    Without `actions` they are those that occur, sorted by name with `wait` first; without `groups` every row is its own
    account. Raises BadUse with every fault.
    """
    names = np.asarray(action).astype(str)
    known = tuple(actions) if actions is not None else _named(names)
    values, y = np.asarray(X, dtype=np.float64), np.asarray(outcome, dtype=np.float64)
    p = np.full(len(y), np.nan) if probability is None else np.asarray(probability, dtype=np.float64)
    owner = np.arange(len(y)) if groups is None else np.unique(np.asarray(groups), return_inverse=True)[1]
    may = np.ones((len(y), len(known)), bool) if eligible is None else np.asarray(eligible, dtype=np.bool_)
    shapes = {"X": len(values), "action": len(names), "probability": len(p), "groups": len(owner), "eligible": len(may)}
    faults = _faults(shapes, values, y, p, set(names.tolist()) - set(known))
    if not faults:
        code_of = {name: code for code, name in enumerate(known)}
        codes = np.array([code_of[name] for name in names.tolist()], dtype=np.int64)
        faults = _eligibility_faults(codes, may, len(known))
    if faults:
        raise BadUse("The rows cannot be used to fit effects.", faults)
    return DecisionSample(values, codes, y, p, owner.astype(np.int64), may, known)


def _named(names: NDArray[np.str_]) -> tuple[str, ...]:
    result = np.unique(names).tolist()
    return tuple(sorted(result, key=lambda name: (name != "wait", name)))


def _faults(shapes: dict[str, int], values: Any, y: Floats, p: Floats, strange: set[str]) -> list[Fault]:
    faults = [
        Fault(name, f"has {rows} rows, outcome has {len(y)}", "give one value for each row")
        for name, rows in shapes.items()
        if rows != len(y)
    ]
    if values.ndim != 2:
        faults.append(Fault("X", f"has {values.ndim} dimensions", "give a matrix of rows × features"))
    if not np.isfinite(y).all():
        faults.append(
            Fault(
                "outcome",
                f"{(~np.isfinite(y)).sum()} values are missing or not finite",
                "remove rows whose outcome is not mature",
            )
        )
    wrong = ~np.isnan(p) & ~((p > 0) & (p <= 1))
    if wrong.any():
        faults.append(
            Fault("probability", f"{p[wrong][0]} ({wrong.sum()} such rows)", "give probabilities above 0 and at most 1")
        )
    if strange:
        faults.append(Fault("action", f"{', '.join(sorted(strange))} is not in `actions`", "add it to `actions`"))
    return faults


def _eligibility_faults(codes: Codes, eligible: Flags, count: int) -> list[Fault]:
    if eligible.shape != (len(codes), count):
        return [Fault("eligible", f"has the shape {eligible.shape}", f"give {len(codes)} rows × {count} actions")]
    broken = ~eligible[np.arange(len(codes)), codes]
    if broken.any():
        return [
            Fault(
                "eligible",
                f"is false for the action taken in {broken.sum()} rows",
                "set it to true for the action taken",
            )
        ]
    return []
