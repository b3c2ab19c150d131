"""The columns `eligible` and `blocked` of the decision log, and the rejections in it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
import pandas as pd
from numpy.typing import NDArray

from kqml.calendar.business_time import DAY_US
from models.policy.guardrails.account_state import Floats
from models.policy.guardrails.rules import NONE, RULES, GuardrailResult


def log_columns(guarded: GuardrailResult, actions: Sequence[str]) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Return per account the JSON list of allowed actions, the JSON object of blocked actions with their rules."""
    patterns, index = np.unique(guarded.rule, axis=0, return_inverse=True)
    eligible = [[action for action, rule in zip(actions, row, strict=True) if rule == NONE] for row in patterns]
    blocked = [
        {action: RULES[rule] for action, rule in zip(actions, row, strict=True) if rule != NONE} for row in patterns
    ]
    texts = (
        np.array([orjson.dumps(codes).decode() for codes in result], dtype=object) for result in (eligible, blocked)
    )
    allowed, refused = (result[index.reshape(-1)] for result in texts)
    return allowed, refused


def rejections(
    decisions: pd.DataFrame,
    states: pd.DataFrame,
    accounts: Sequence[str],
    actions: Sequence[str],
    cutoff: int,
    days: float,
) -> Floats:
    """Accounts × actions: recommendations rejected in the `days` before the cutoff, as known then.

    `decisions`, `states`: of the decision log, instants as datetimes with a zone or as microseconds.
    """
    result = np.zeros((len(accounts), len(actions)))
    retained = states[states["state"] == "rejected"].merge(decisions[["decision_id", "account_id"]], on="decision_id")
    at, known = (_micros(retained[name]) for name in ("at", "known_at"))
    lately = (known < cutoff) & (at < cutoff) & (at >= cutoff - days * DAY_US)
    account = pd.Index(accounts).get_indexer(pd.Index(retained["account_id"]))
    action = pd.Index(actions).get_indexer(pd.Index(retained["action"]))
    counted = lately & (account >= 0) & (action > 0)
    np.add.at(result, (account[counted], action[counted]), 1.0)
    return result


def _micros(column: "pd.Series[Any]") -> NDArray[np.int64]:
    given = column.astype("datetime64[us, UTC]") if isinstance(column.dtype, pd.DatetimeTZDtype) else column
    return np.asarray(given.astype("int64"), dtype=np.int64)
