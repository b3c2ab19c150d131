"""A planned week as the rows of a decision log."""

import hashlib

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from kqml.dataset.tables import INSTANT, NUMBER, TEXT
from models.policy.guardrails.log_columns import log_columns
from models.policy.planning.week_decision import POLICY, WeekPlan, reasons_given

DECISION_SCHEMA = pa.schema(
    {
        "decision_id": TEXT,
        "account_id": TEXT,
        "rep_id": TEXT,
        "week": TEXT,
        "cutoff": INSTANT,
        "policy": TEXT,
        "playbook": TEXT,
        "model": TEXT,
        "assigned": TEXT,
        "probability": NUMBER,
        "eligible": TEXT,
        "blocked": TEXT,
        "explored": pa.bool_(),
        "must": pa.bool_(),
        "holdout": pa.bool_(),
        "evaluable": pa.bool_(),
    }
)
STATE_SCHEMA = pa.schema(
    {
        "decision_id": TEXT,
        "state": TEXT,
        "at": INSTANT,
        "known_at": INSTANT,
        "action": TEXT,
        "reason": TEXT,
        "verified": pa.bool_(),
    }
)


def decision_ids(account_ids: NDArray[np.object_], key: str) -> NDArray[np.object_]:
    """Return the decision ids: a digest of account id and `key`, the week of a plan."""
    texts = (
        hashlib.blake2b(f"{key}\x1f{account_id}".encode(), digest_size=12).hexdigest()
        for account_id in account_ids.tolist()
    )
    return np.array([f"D{text}" for text in texts], dtype=object)


def decision_rows(plan: WeekPlan, model: str | None) -> pa.Table:
    """Return a row for each account that was decided, by DECISION_SCHEMA; `model`: version and fingerprint."""
    who, company, week = np.flatnonzero(plan.decided), plan.company, plan.week
    ids = company.account_ids[who]
    eligible, blocked = log_columns(plan.guarded, plan.actions)
    retained = plan.problem.must & ~plan.problem.must_blocked
    count = len(who)
    key = company.week_name if plan.policy == POLICY else f"{company.week_name} {company.cutoff}"
    return pa.table(
        {
            "decision_id": pa.array(decision_ids(ids, key), TEXT),
            "account_id": pa.array(ids, TEXT),
            "rep_id": pa.array(np.array(company.rep_ids, dtype=object)[company.owner[who]], TEXT),
            "week": pa.array([company.week_name] * count, TEXT),
            "cutoff": pa.array(np.full(count, company.cutoff)).cast(INSTANT),
            "policy": pa.array([plan.policy] * count, TEXT),
            "playbook": pa.array([company.playbook.version] * count, TEXT),
            "model": pa.array([model] * count, TEXT),
            "assigned": pa.array(np.array(plan.actions, dtype=object)[week.assigned[who]], TEXT),
            "probability": week.probability[who],
            "eligible": pa.array(eligible[who], TEXT),
            "blocked": pa.array(blocked[who], TEXT),
            "explored": week.explored[who],
            "must": retained[who],
            "holdout": plan.holdout[who],
            "evaluable": week.evaluable[who],
        },
        schema=DECISION_SCHEMA,
    )


def state_rows(plan: WeekPlan, decisions: pa.Table) -> pa.Table:
    """Return the first state of each decision: recommended at the cutoff, why."""
    why = reasons_given(plan)[np.flatnonzero(plan.decided)].astype(object)
    count = len(decisions)
    return pa.table(
        {
            "decision_id": decisions["decision_id"],
            "state": pa.array(["recommended"] * count, TEXT),
            "at": decisions["cutoff"],
            "known_at": decisions["cutoff"],
            "action": decisions["assigned"],
            "reason": pa.array(why, TEXT),
            "verified": pa.nulls(count, pa.bool_()),
        },
        schema=STATE_SCHEMA,
    )
