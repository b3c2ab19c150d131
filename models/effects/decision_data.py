"""Decision data: a row for each account and week, with what was known, what was done, what came of it."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from features.cutoffs import default_cutoff
from features.labels import label_lag_days
from features.profile import profile_of
from features.rows import Rows
from kqml.calendar import DAY_US, Instants
from kqml.dataset import Dataset
from kqml.errors import Fault, Refused
from kqml.eventlog import EventLog
from kqml.playbook import Playbook
from models.effects.decision_log import DecisionLog
from models.effects.eligible_texts import eligible_of
from models.effects.outcomes import Outcomes, outcomes_of
from models.effects.packages import packages_done
from models.effects.sample import Codes, Flags, Floats, Sample

HORIZON_DAYS = 91

SCHEMA = pa.schema(
    {
        "account_id": pa.string(),
        "week": pa.string(),
        "cutoff": pa.timestamp("us", tz="UTC"),
        "tier": pa.string(),
        "segment": pa.string(),
        "action": pa.string(),
        "probability": pa.float64(),
        "executed": pa.string(),
        "verified": pa.bool_(),
        "must": pa.bool_(),
        "holdout": pa.bool_(),
        "mature": pa.bool_(),
        "matures_at": pa.timestamp("us", tz="UTC"),
        "censored": pa.bool_(),
        "margin": pa.float64(),
        "retained": pa.float64(),
    }
)
"""The table that part 2 reads; `margin` and `retained` are null where the row is not mature."""


@dataclass(frozen=True)
class DecisionData:
    """R rows sorted by account, then cutoff. `rows`: account with the instant before which features see.

    `account_ids`: of every account, by the places of `rows`. `action`: place in `actions`; in rows with a `probability`
    (a draw's, of this action) the one that was *assigned*, in the others the week's package as recorded. `executed`: as
    the life cycle says, -1 where it does not. `evaluable`: may be learned from (no must, no overflowing week, a real
    draw where there is a probability). `eligible` (R, A). `outcomes`: of `[cutoff, cutoff + horizon)`.
    """

    rows: Rows
    account_ids: NDArray[np.object_]
    week: NDArray[np.object_]
    actions: tuple[str, ...]
    action: Codes
    probability: Floats
    executed: Codes
    verified: Flags
    eligible: Flags
    must: Flags
    holdout: Flags
    evaluable: Flags
    profile: pd.DataFrame
    outcomes: Outcomes

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def randomised(self) -> Flags:
        """Rows whose action was drawn with a chance that was logged."""
        return np.isfinite(self.probability)

    def where(self, mask: Flags) -> "DecisionData":
        """The rows for which `mask` is true, in the same order."""
        arrays: dict[str, Any] = {
            name: value[mask]
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray) and name != "account_ids"
        }
        profile = self.profile[mask].reset_index(drop=True)
        return replace(self, rows=self.rows.where(mask), profile=profile, outcomes=self.outcomes.where(mask), **arrays)

    def learnable(self) -> "DecisionData":
        """The rows that may be learned from: mature and evaluable."""
        return self.where(self.outcomes.mature & self.evaluable)

    def sample(self, values: Floats, outcome: str = "margin") -> Sample:
        """The rows as a learner's sample. Raises Refused where a row is not mature: its outcome is not known yet."""
        immature = int((~self.outcomes.mature).sum())
        if immature:
            fault = Fault("outcome", f"{immature} rows are not mature", "learn from `learnable()` rows only")
            raise Refused("An outcome that is not there yet cannot be learned from.", [fault])
        return Sample(
            values=values,
            action=self.action,
            outcome=self.outcomes.margin if outcome == "margin" else self.outcomes.retained,
            probability=self.probability,
            account=self.rows.account.astype(np.int64),
            eligible=self.eligible,
            actions=self.actions,
        )

    def table(self) -> pa.Table:
        """The rows by SCHEMA."""
        names = np.array([*self.actions, None], dtype=object)
        mature = self.outcomes.mature
        columns = {
            "account_id": self.account_ids[self.rows.account],
            "week": self.week,
            "cutoff": pa.array(self.rows.cutoff).cast(SCHEMA.field("cutoff").type),
            "tier": self.profile.get("tier", pd.Series([None] * len(self), dtype=object)).to_numpy(),
            "segment": self.profile.get("segment", pd.Series([None] * len(self), dtype=object)).to_numpy(),
            "action": names[self.action],
            "probability": pa.array(self.probability, mask=np.isnan(self.probability)),
            "executed": names[self.executed],
            "verified": self.verified,
            "must": self.must,
            "holdout": self.holdout,
            "mature": mature,
            "matures_at": pa.array(self.outcomes.matures_at).cast(SCHEMA.field("matures_at").type),
            "censored": self.outcomes.censored,
            "margin": pa.array(self.outcomes.margin, mask=~mature),
            "retained": pa.array(self.outcomes.retained, mask=~mature),
        }
        return pa.table(columns, schema=SCHEMA)


def build_decision_data(
    dataset: Dataset, log: DecisionLog, playbook: Playbook, *, horizon_days: int = HORIZON_DAYS, seed: int = 0
) -> DecisionData:
    """The rows of a decision log over its dataset.

    Where an action was drawn, features are cut at the decision. Elsewhere they are cut just before the week's first
    contact; weeks without one get a pseudo-time drawn from the times of first contacts (target trial, Hernán & Robins
    2016, Am. J. Epidemiology 183(8)), so that acting and waiting are compared at like moments. Raises Refused where the
    log names accounts or actions that dataset or playbook do not have, or two decisions for one account and week.
    """
    events = dataset.event_log()
    decisions = log.decisions
    account = pd.Index(events.accounts).get_indexer(pd.Index(decisions["account_id"].astype(object)))
    monday = decisions["cutoff"].to_numpy(dtype=np.int64)
    _refuse_strangers(decisions, account, playbook)
    order = np.lexsort((monday, account))
    decisions, account, monday = decisions.iloc[order].reset_index(drop=True), account[order], monday[order]
    places = account.astype(np.int32)
    probability = decisions["probability"].to_numpy(dtype=np.float64)
    drawn = np.isfinite(probability)
    recorded, first = packages_done(events, playbook, places, monday)
    assigned = pd.Index(playbook.actions).get_indexer(pd.Index(decisions["assigned"].astype(object)))
    action = np.where(drawn, assigned, recorded)
    rows = Rows(places, np.where(drawn, monday, pseudo_times(first, monday, recorded > 0, seed)))
    executed, verified = _lives(log.states, decisions["decision_id"], playbook.actions)
    eligible = eligible_of(decisions["eligible"], playbook.actions)
    eligible[np.arange(len(action)), action] |= ~drawn
    must = decisions["must"].to_numpy(dtype=np.bool_)
    evaluable = np.where(drawn, decisions["evaluable"].to_numpy(dtype=np.bool_) & (probability < 1.0), True) & ~must
    return DecisionData(
        rows=rows,
        account_ids=events.accounts,
        week=decisions["week"].to_numpy(dtype=object),
        actions=playbook.actions,
        action=action.astype(np.int64),
        probability=probability,
        executed=executed,
        verified=verified,
        eligible=eligible,
        must=must,
        holdout=decisions["holdout"].to_numpy(dtype=np.bool_),
        evaluable=np.asarray(evaluable, dtype=np.bool_),
        profile=profile_of(dataset, rows),
        outcomes=_outcomes(dataset, events, rows, playbook, horizon_days),
    )


def pseudo_times(first: Instants, monday: Instants, contacted: Flags, seed: int = 0) -> Instants:
    """The first contact of a week, else Monday plus the delay of a first contact drawn from all weeks that have one."""
    delays = np.sort((first - monday)[contacted])
    if not len(delays):
        return monday
    drawn = delays[np.random.default_rng(seed).integers(0, len(delays), len(monday))]
    return np.where(contacted, first, monday + drawn)


def unlogged(dataset: Dataset, playbook: Playbook, mondays: Instants) -> DecisionLog:
    """History without a log as one of every account and week: no chances, eligible by tier alone."""
    accounts = dataset.event_log().accounts
    count = len(accounts) * len(mondays)
    at = np.repeat(np.sort(mondays), len(accounts))
    weeks = pd.Series(at).astype("datetime64[us]").dt.tz_localize("UTC").dt.tz_convert(dataset.info.time_zone)
    no = np.zeros(count, dtype=bool)
    decisions = pd.DataFrame(
        {
            "decision_id": [f"H{number:012d}" for number in range(count)],
            "account_id": np.tile(accounts, len(mondays)),
            "week": weeks.dt.strftime("%G-W%V").to_numpy(dtype=object),
            "cutoff": at,
            "assigned": playbook.actions[0],
            "probability": np.nan,
            "eligible": None,
            "must": no,
            "holdout": no,
            "evaluable": no,
        }
    )
    return DecisionLog(decisions, pd.DataFrame(columns=["decision_id", "state", "at", "action", "verified"]))


def _outcomes(dataset: Dataset, events: EventLog, rows: Rows, playbook: Playbook, horizon_days: int) -> Outcomes:
    segment = dataset.accounts().get("segment", pd.Series(None, index=pd.Index(events.accounts), dtype=object))
    rate = segment.map(dict(playbook.margin_rate)).astype(np.float64).to_numpy()
    usual = float(np.mean(list(playbook.margin_rate.values()) or [1.0]))
    until = default_cutoff(events, dataset.info.time_zone)
    lag = label_lag_days(dataset.info, events)
    return outcomes_of(events, rows, np.where(np.isnan(rate), usual, rate), (horizon_days * DAY_US, lag), until)


def _refuse_strangers(decisions: pd.DataFrame, account: Codes, playbook: Playbook) -> None:
    faults = []
    if (account < 0).any():
        example = decisions["account_id"].to_numpy()[account < 0][0]
        faults.append(
            Fault(
                "account_id",
                f"{example!r} is not in the dataset ({(account < 0).sum()} rows)",
                "read both from one folder",
            )
        )
    strange = sorted(set(decisions["assigned"].dropna().unique()) - set(playbook.actions))
    if strange:
        faults.append(
            Fault("assigned", f"{', '.join(strange)} is no package of {playbook.name}", "name the playbook of the log")
        )
    twice = decisions.duplicated(["account_id", "cutoff"])
    if twice.any():
        example = decisions.loc[twice, "account_id"].iloc[0]
        faults.append(
            Fault("account_id", f"{example!r} is decided twice at one cutoff ({twice.sum()} rows)", "keep one")
        )
    if faults:
        raise Refused("The decision log does not belong to the dataset.", faults)


def _lives(states: pd.DataFrame, ids: "pd.Series[str]", actions: tuple[str, ...]) -> tuple[Codes, Flags]:
    """What was executed per decision: the action of its last `done`, `wait` where it failed, -1 without either."""
    ended = states[states["state"].isin(["done", "failed"])].drop_duplicates("decision_id", keep="last")
    ended = ended.set_index("decision_id").reindex(ids.to_numpy())
    code = pd.Index(actions).get_indexer(pd.Index(ended["action"].astype(object)))
    state = ended["state"].astype(object).to_numpy()
    executed = np.select([state == "done", state == "failed"], [code, np.zeros(len(code), dtype=np.int64)], default=-1)
    verified = (ended["verified"].astype(object) == True).to_numpy(dtype=np.bool_)  # noqa: E712 - missing is not true
    return executed.astype(np.int64), verified
