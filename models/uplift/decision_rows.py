"""Decision data built from a decision log over its dataset."""

import numpy as np
import pandas as pd

from features.cutoffs import default_cutoff
from features.labels import label_lag_days
from features.profile import profile_of
from features.rows import Rows
from kqml.calendar.business_time import DAY_US, Instants
from kqml.dataset.folder import Dataset
from kqml.errors import Fault, Refused
from kqml.history.event_log import EventLog
from kqml.playbook import Playbook
from models.uplift.decision_data import DecisionData
from models.uplift.decision_log import DecisionLog
from models.uplift.eligible_texts import parse_eligible
from models.uplift.outcomes import Outcomes, outcomes_of
from models.uplift.sample import Codes, Flags
from models.uplift.weekly_actions import actions_done

HORIZON_DAYS = 91


def build_decision_data(
    dataset: Dataset, log: DecisionLog, playbook: Playbook, *, horizon_days: int = HORIZON_DAYS, seed: int = 0
) -> DecisionData:
    """Return the rows of a decision log over its dataset.

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
    indices = account.astype(np.int32)
    probability = decisions["probability"].to_numpy(dtype=np.float64)
    randomised = np.isfinite(probability)
    recorded, first = actions_done(events, playbook, indices, monday)
    assigned = pd.Index(playbook.action_names).get_indexer(pd.Index(decisions["assigned"].astype(object)))
    action = np.where(randomised, assigned, recorded)
    rows = Rows(indices, np.where(randomised, monday, pseudo_times(first, monday, recorded > 0, seed)))
    executed, verified = _lives(log.states, decisions["decision_id"], playbook.action_names)
    eligible = parse_eligible(decisions["eligible"], playbook.action_names)
    eligible[np.arange(len(action)), action] |= ~randomised
    must = decisions["must"].to_numpy(dtype=np.bool_)
    evaluable = (
        np.where(randomised, decisions["evaluable"].to_numpy(dtype=np.bool_) & (probability < 1.0), True) & ~must
    )
    return DecisionData(
        rows=rows,
        account_ids=events.accounts,
        week=decisions["week"].to_numpy(dtype=object),
        actions=playbook.action_names,
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
    """Return the first contact of a week, else Monday plus the delay of a first contact drawn from all weeks that
    have one."""
    delays = np.sort((first - monday)[contacted])
    if not len(delays):
        return monday
    randomised = delays[np.random.default_rng(seed).integers(0, len(delays), len(monday))]
    return np.where(contacted, first, monday + randomised)


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
                f"{example!r} is not an account of the dataset ({(account < 0).sum()} rows)",
                "give the log and the dataset of the same company",
            )
        )
    strange = sorted(set(decisions["assigned"].dropna().unique()) - set(playbook.action_names))
    if strange:
        faults.append(
            Fault(
                "assigned",
                f"{', '.join(strange)} is not an action of the playbook {playbook.name}",
                "give the playbook that the log was written with",
            )
        )
    twice = decisions.duplicated(["account_id", "cutoff"])
    if twice.any():
        example = decisions.loc[twice, "account_id"].iloc[0]
        faults.append(
            Fault("account_id", f"{example!r} has two decisions at one cutoff ({twice.sum()} rows)", "keep one of them")
        )
    if faults:
        raise Refused("The decision log does not belong to the dataset.", faults)


def _lives(states: pd.DataFrame, ids: "pd.Series[str]", actions: tuple[str, ...]) -> tuple[Codes, Flags]:
    """Return each executed action: that of the last `done`, `wait` where it failed, -1 without either."""
    ended = states[states["state"].isin(["done", "failed"])].drop_duplicates("decision_id", keep="last")
    ended = ended.set_index("decision_id").reindex(ids.to_numpy())
    code = pd.Index(actions).get_indexer(pd.Index(ended["action"].astype(object)))
    state = ended["state"].astype(object).to_numpy()
    executed = np.select([state == "done", state == "failed"], [code, np.zeros(len(code), dtype=np.int64)], default=-1)
    verified = (ended["verified"].astype(object) == True).to_numpy(dtype=np.bool_)  # noqa: E712 - missing is not true
    return executed.astype(np.int64), verified
