"""Which account columns may be used at a past cutoff, and why the others may not."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from kqml.dataset.folder import ColumnUse
from kqml.importing.findings import Finding, FindingLevel
from kqml.messages import text

STATIC = ("segment", "region", "opened_on")
CHANGING = {
    "tier": "tier_changed",
    "credit_grade": "credit_changed",
    "owner_rep_id": "rep_assigned",
    "status": "account_closed",
    "status_since": "account_closed",
}
"""Column → a kind that records its changes."""

LEAST_ACCOUNTS = 5
"""Fewer missing (or present) values than this cannot be measured."""

FOLLOWS_AUC, FOLLOWS_Z = 0.10, 3.0
"""Missingness goes with late activity from this distance of the AUC from .5 at this many standard errors."""


@dataclass(frozen=True)
class MissingnessLink:
    """How an account column's missingness goes with the account's last activity: AUC of "missing" being later."""

    auc: float
    z: float

    @property
    def refuses(self) -> bool:
        return abs(self.auc - 0.5) >= FOLLOWS_AUC and abs(self.z) >= FOLLOWS_Z


def missingness_follows(missing: pd.Series, last_activity: pd.Series) -> MissingnessLink | None:
    """The Mann-Whitney statistic of last activity, missing against present; None where too few are either.

    A list of accounts made late lacks those gone before: then "missing" says "gone" at every earlier cutoff.
    """
    n, m = int(missing.sum()), int((~missing).sum())
    if min(n, m) < LEAST_ACCOUNTS:
        return None
    ranks = last_activity.rank().to_numpy()
    u = float(ranks[missing.to_numpy()].sum()) - n * (n + 1) / 2
    _, ties = np.unique(ranks, return_counts=True)
    total = n + m
    spread = n * m / 12 * (total + 1 - float((ties.astype(float) ** 3 - ties).sum()) / (total * (total - 1)))
    z = 0.0 if spread <= 0 else (u - n * m / 2) / np.sqrt(spread)
    return MissingnessLink(u / (n * m), float(z))


def column_uses(
    accounts: pd.DataFrame, last_activity: pd.Series, declared: Mapping[str, str], kinds: frozenset[str]
) -> tuple[dict[str, ColumnUse], list[Finding]]:
    """The use of every account column that is there, with a finding for each that training refuses.

    `accounts` and `last_activity` (NaN where none) share their index; `declared`: column → date since which its
    changes are complete; `kinds`: those recorded.
    """
    uses, findings = {}, []
    for column in (name for name in (*STATIC, *CHANGING) if name in accounts):
        since = declared.get(column)
        missing, known = accounts[column].isna(), last_activity.notna()
        follow = missingness_follows(missing[known], last_activity[known])
        reason, facts = _refusal(column, since, kinds, follow)
        why = text(f"report.columns.{reason}", "en", column=column, **facts) if reason else ""
        uses[column] = ColumnUse(complete_since=since, usable=not reason, why=why)
        if reason:
            share = float(missing.mean())
            level = FindingLevel.WARNING if reason == "follows_activity" else FindingLevel.NOTE
            findings.append(Finding(reason, level, "accounts", column, int(missing.sum()), share, facts=facts))
    return uses, findings


def _refusal(
    column: str, since: str | None, kinds: frozenset[str], follow: MissingnessLink | None
) -> tuple[str | None, dict[str, str]]:
    if column in CHANGING and since is None:
        return "changes_unknown", {}
    if column in CHANGING and CHANGING[column] not in kinds:
        return "changes_absent", {"kind": CHANGING[column]}
    if follow is not None and follow.refuses:
        return "follows_activity", {"auc": f"{follow.auc:.2f}"}
    return None, {}
