"""The decisions of a log: all rows, the evaluable ones, the regression of their outcomes."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from numpy.typing import NDArray

from features.catalog import catalog
from features.context import NEVER
from features.profile import Vocabulary, vocabulary_of
from features.rows import Rows
from kqml.calendar.business_time import DAY_US
from kqml.dataset.folder import Dataset
from kqml.errors import Fault, Refused
from kqml.playbook import Playbook
from models.churn.examples import order_columns
from models.evaluation.off_policy.log_faults import refuse_faulty_log
from models.evaluation.off_policy.outcome_model import OutcomeRows, Regression, expected_outcomes
from models.evaluation.off_policy.randomised_rows import Codes, Flags, Floats, RandomisedRows
from models.uplift.decision_data import DecisionData
from models.uplift.decision_features import decision_features
from models.uplift.decision_log import read_decision_log
from models.uplift.decision_rows import build_decision_data
from models.uplift.outcomes import outcomes_of
from models.value.margins import margin_rates

MORE_ROWS = 60_000


@dataclass(frozen=True)
class LoggedDecisions:
    """All rows of a log beside its dataset. `rep`: code per row. `policies`: names of those that made the log.
    `rate`: margin over amount per account."""

    dataset: Dataset
    data: DecisionData
    rep: Codes
    policies: tuple[str, ...]
    rate: Floats
    horizon_days: int

    @property
    def usable(self) -> Flags:
        """Rows with a known propensity that may be evaluated and have a mature outcome."""
        data = self.data
        return np.asarray(data.randomised & data.evaluable & data.outcomes.mature, dtype=bool)


@dataclass(frozen=True)
class EvaluableRows:
    """The usable rows. `account_ids`, `week`, `tier`: text per row; `outcome`: margin or retained; `data`: the same
    rows of the decision data."""

    randomised: RandomisedRows
    account_ids: NDArray[np.object_]
    week: NDArray[np.object_]
    tier: NDArray[np.object_]
    outcome: str
    data: DecisionData

    def where(self, mask: Flags) -> "EvaluableRows":
        """Return the rows for which `mask` is true."""
        columns = {name: value[mask] for name, value in vars(self.randomised).items() if name != "actions"}
        return EvaluableRows(
            RandomisedRows(actions=self.randomised.actions, **columns),
            self.account_ids[mask],
            self.week[mask],
            self.tier[mask],
            self.outcome,
            self.data.where(mask),
        )


def read_decisions(folder: Path, dataset: Dataset, playbook: Playbook, horizon_days: int) -> LoggedDecisions:
    """Read the log in `folder` for `dataset`.

    Raises BadUse where there is none, Refused where it is not consistent or does not fit the dataset.
    """
    log = read_decision_log(folder)
    refuse_faulty_log(log.decisions, dataset.info.time_zone)
    data = build_decision_data(dataset, log, playbook, horizon_days=horizon_days)
    result = pq.read_table(folder / "decisions.parquet").to_pandas()
    keys = pd.MultiIndex.from_arrays([result["account_id"].astype(object), result["week"].astype(object)])
    wanted = pd.MultiIndex.from_arrays([data.account_ids[data.rows.account], data.week])
    reps = pd.factorize(_column(result, "rep_id"))[0]
    # By account and week: decisions without a dataset row were dropped, so that the orders differ.
    rep = reps[keys.get_indexer(wanted)].astype(np.int64)
    policies = tuple(sorted(set(_column(result, "policy").dropna())))
    return LoggedDecisions(dataset, data, rep, policies, margin_rates(dataset, playbook), horizon_days)


def _column(table: pd.DataFrame, name: str) -> "pd.Series[str]":
    return table[name] if name in table else pd.Series([None] * len(table), dtype=object)


def evaluable_rows(decisions: LoggedDecisions, outcome: str = "margin") -> EvaluableRows:
    """Return the usable rows; raises Refused where there are none, with the number of rows that fail each condition."""
    data, usable = decisions.data, decisions.usable
    if not usable.any():
        raise Refused("The decision log has no evaluable decisions.", _lacks(data))
    chosen = data.where(usable)
    randomised = RandomisedRows(
        actions=data.actions,
        action=chosen.action,
        probability=chosen.probability,
        outcome=_outcome(chosen, outcome),
        eligible=chosen.eligible,
        account=chosen.rows.account.astype(np.int64),
        rep=decisions.rep[usable],
    )
    tier = chosen.profile.get("tier", pd.Series([""] * len(chosen), dtype=object)).fillna("").to_numpy(dtype=object)
    return EvaluableRows(randomised, chosen.account_ids[chosen.rows.account], chosen.week, tier, outcome, chosen)


def _lacks(data: DecisionData) -> list[Fault]:
    counts = {
        "probability": (~data.randomised, "log randomised decisions with their propensities"),
        "evaluable": (~data.evaluable, "required actions and weeks over capacity cannot be evaluated"),
        "maturity": (~data.outcomes.mature, "wait until the horizon of these weeks has passed"),
    }
    return [
        Fault(name, f"fails in {int(lacking.sum())} of {len(data)} rows", todo)
        for name, (lacking, todo) in counts.items()
        if lacking.any()
    ]


def regression_of(decisions: LoggedDecisions, rows: EvaluableRows, seed: int = 0) -> Regression:
    """Return the expected outcomes of the usable rows, from order features at each of them.

    Mature rows that were not randomised help the regression, up to MORE_ROWS of them.
    """
    data = decisions.data
    others = np.flatnonzero(data.outcomes.mature & ~decisions.usable)
    # Every k-th row instead of a random sample: reproducible, and spread over accounts and weeks.
    retained = others[:: max(1, -(-len(others) // MORE_ROWS))]
    more = data.where(np.isin(np.arange(len(data)), retained))
    parts = (rows.data, more) if len(more) else (rows.data,)
    # Of the whole log: a code must mean the same word in every part.
    words = vocabulary_of(data.profile)
    known = OutcomeRows(
        values=np.concatenate([_values(decisions.dataset, part, words) for part in parts]),
        outcome=np.concatenate([_outcome(part, rows.outcome) for part in parts]),
        account=np.concatenate([part.rows.account.astype(np.int64) for part in parts]),
        past=np.concatenate([_past(decisions, part) for part in parts]) if rows.outcome == "margin" else None,
    )
    return expected_outcomes(rows.randomised, known, seed)


def _outcome(data: DecisionData, outcome: str) -> Floats:
    return data.outcomes.margin if outcome == "margin" else data.outcomes.retained


def _past(decisions: LoggedDecisions, data: DecisionData) -> Floats:
    """Return each row's past margin over as many days as the horizon, the mean of up to four such periods."""
    log, span = decisions.dataset.event_log(), int(decisions.horizon_days * DAY_US)
    first = int(log.occurred_at.min())
    total, known = np.zeros(len(data)), np.zeros(len(data))
    for back in range(1, 5):
        starts = data.rows.cutoff - back * span
        margin = outcomes_of(log, Rows(data.rows.account, starts), decisions.rate, (span, 0.0), NEVER).margin
        # Periods before the log began would count as 0; the latest one counts in any case, so that nothing is divided
        # by 0.
        inside = (starts >= first) | (back == 1)
        total, known = total + np.where(inside, np.maximum(margin, 0.0), 0.0), known + inside
    return total / known


def _values(dataset: Dataset, data: DecisionData, words: Vocabulary) -> Floats:
    every = catalog()
    # Order features alone: outcomes are orders, and a simpler regression leaves the estimate consistent all the same.
    orders = order_columns([feature.column for feature in every])
    features = [feature for feature, result in zip(every, orders, strict=True) if result]
    return decision_features(dataset, data, features, words=words)[0]
