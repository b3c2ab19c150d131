"""The decision log of a run: decisions with their propensities and states."""

import json
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from experiments.world import arrow
from experiments.world.actions import WorldAction
from experiments.world.control import Observation, WorldDecisions
from experiments.world.draws import Flags, Indices
from experiments.world.simulation import SimulatedWeeks, Simulation
from kqml.calendar.business_time import DAY_US
from kqml.playbook import Playbook

DECISIONS = pa.schema(
    {
        "decision_id": pa.string(),
        "account_id": pa.string(),
        "rep_id": pa.string(),
        "week": pa.string(),
        "cutoff": arrow.INSTANT,
        "policy": pa.string(),
        "playbook": pa.string(),
        "model": pa.string(),
        "assigned": pa.string(),
        "probability": pa.float64(),
        "eligible": pa.string(),
        "blocked": pa.string(),
        "explored": pa.bool_(),
        "must": pa.bool_(),
        "holdout": pa.bool_(),
        "evaluable": pa.bool_(),
    }
)
STATES = pa.schema(
    {
        "decision_id": pa.string(),
        "state": pa.string(),
        "at": arrow.INSTANT,
        "known_at": arrow.INSTANT,
        "action": pa.string(),
        "reason": pa.string(),
        "verified": pa.bool_(),
    }
)
PROPENSITIES = pa.schema(
    {"decision_id": pa.string(), **{f"p_{action.name.lower()}": pa.float64() for action in WorldAction}}
)
"""The reps' true chances of their own actions; truth, never read by product code."""


@dataclass
class WorldDecisionLog:
    """Collects a run's decisions as tables; pass `notice` to `control.run`."""

    policy: str
    simulation: Simulation
    decisions: list[pa.Table] = field(default_factory=list)
    states: list[pa.Table] = field(default_factory=list)
    propensities: list[pa.Table] = field(default_factory=list)

    def notice(self, observation: Observation, decisions: WorldDecisions, weeks: SimulatedWeeks) -> None:
        """Add one row for each account on the books at the cutoff."""
        who = np.flatnonzero(weeks.allowed[:, 1:].any(axis=1) | decisions.ruled | weeks.buying)
        ids = arrow.digits(
            "D", (self.simulation.accounts[who], arrow.ACCOUNT_DIGITS), (np.full(len(who), observation.number), 4)
        )
        self.decisions.append(_decision_rows(self, observation, decisions, weeks, who, ids))
        self.states.append(_state_rows(observation, decisions, weeks, who, ids))
        probabilities = {f"p_{action.name.lower()}": weeks.probabilities[who, action] for action in WorldAction}
        self.propensities.append(pa.table({"decision_id": ids, **probabilities}, schema=PROPENSITIES))


def write_log(logs: list[WorldDecisionLog], out: Path, truth: Path) -> int:
    """Write `decisions.parquet`, `decision_states.parquet` and, into the truth, the reps' propensities; return the
    number of rows."""
    for folder, name, schema, parts in (
        (out, "decisions", DECISIONS, [part for log in logs for part in log.decisions]),
        (out, "decision_states", STATES, [part for log in logs for part in log.states]),
        (truth, "propensities", PROPENSITIES, [part for log in logs for part in log.propensities]),
    ):
        pq.write_table(pa.concat_tables([schema.empty_table(), *parts]), folder / f"{name}.parquet", compression="zstd")
    return sum(len(part) for log in logs for part in log.decisions)


def _decision_rows(
    log: WorldDecisionLog,
    observation: Observation,
    decisions: WorldDecisions,
    weeks: SimulatedWeeks,
    who: Indices,
    ids: pa.Array,
) -> pa.Table:
    count = len(who)
    ruled = decisions.ruled[who]
    assigned = np.where(ruled, decisions.assigned[who], weeks.acts.assigned[who])
    rows = {
        "decision_id": ids,
        "account_id": observation.account_ids[who],
        "rep_id": observation.rep_ids[who],
        "week": pa.array([observation.week] * count, pa.string()),
        "cutoff": pa.array(np.full(count, observation.cutoff)).cast(arrow.INSTANT),
        "policy": pa.array([log.policy] * count, pa.string()),
        "playbook": pa.array([_version(observation.playbook)] * count, pa.string()),
        "model": pa.nulls(count, pa.string()),
        "assigned": np.array(observation.actions, dtype=object)[assigned],
        "probability": pa.array(decisions.probability[who], mask=np.isnan(decisions.probability[who])),
        "eligible": _eligible_texts(weeks.allowed[who], observation.actions),
        "blocked": _blocked_texts(observation, weeks, who),
        "explored": decisions.explored[who],
        "must": decisions.must[who],
        "holdout": decisions.holdout[who],
        "evaluable": ruled & ~np.isnan(decisions.probability[who]) & ~decisions.must[who],
    }
    return pa.table(rows, schema=DECISIONS)


def _version(playbook: Playbook) -> str:
    return f"{playbook.name}@{playbook.fingerprint[:12]}"


def _eligible_texts(allowed: Flags, actions: tuple[str, ...]) -> NDArray[np.object_]:
    """Return a JSON list of the eligible actions of each row."""
    code = allowed @ (1 << np.arange(allowed.shape[1]))
    texts = {
        int(action_set): json.dumps([action for position, action in enumerate(actions) if action_set >> position & 1])
        for action_set in np.unique(code)
    }
    return np.array([texts[int(action_set)] for action_set in code], dtype=object)


def _blocked_texts(observation: Observation, weeks: SimulatedWeeks, who: Indices) -> NDArray[np.object_]:
    """Return for each blocked action the rule that blocked it: tier, or the unmet need."""
    closed, vacant = weeks.week.open_share < 0.5, observation.vacant[who]
    consents = weeks.allowed[who, WorldAction.MESSAGE]
    tier = observation.tier[who]
    patterns = {
        key: _rules(observation.playbook, key[0], {"open": not closed, "rep": not key[1], "consent": key[2]})
        for key in {
            (str(tier_name), bool(empty), bool(yes))
            for tier_name, empty, yes in zip(tier, vacant, consents, strict=True)
        }
    }
    texts = [
        patterns[str(tier_name), bool(empty), bool(yes)]
        for tier_name, empty, yes in zip(tier, vacant, consents, strict=True)
    ]
    return np.array(texts, dtype=object)


def _rules(playbook: Playbook, tier: str, met: dict[str, bool]) -> str:
    blocked = {}
    for action in playbook.actions:
        unmet = [need for need in sorted(action.needs) if not met[need]]
        if tier not in action.tiers:
            blocked[action.name] = "tier"
        elif unmet:
            blocked[action.name] = unmet[0]
    return json.dumps(blocked)


def _state_rows(
    observation: Observation, decisions: WorldDecisions, weeks: SimulatedWeeks, who: Indices, ids: pa.Array
) -> pa.Table:
    """Return the states of each decision: recommended and answered where a policy decided, then done, failed or
    dropped."""
    acts, names = weeks.acts, np.array(observation.actions, dtype=object)
    ruled = decisions.ruled[who]
    assigned = names[np.where(ruled, decisions.assigned[who], acts.assigned[who])]
    answer = np.where(acts.refused[who], "rejected", "accepted").astype(object)
    why = np.full(len(who), None, dtype=object)
    why[acts.refused[who]] = "own_judgement"
    ended = np.where(acts.no_time[who] | acts.failed[who], "failed", "done").astype(object)
    reason = np.select([acts.no_time[who], acts.failed[who]], ["no_time", "nobody_there"], default="").astype(object)
    reason[reason == ""] = None
    real = ended == "done"
    friday = observation.cutoff + 4 * DAY_US + 64_800_000_000
    parts = [
        _states(ids, ruled, "recommended", observation.cutoff, assigned, None, None),
        _states(ids, ruled, answer, observation.cutoff + 32_400_000_000, assigned, why, None),
        _states(
            ids, np.ones(len(who), bool), ended, friday, names[acts.recorded[who]], reason, real & ~acts.faked[who]
        ),
    ]
    return pa.concat_tables(parts)


def _states(
    ids: pa.Array, mask: Flags, state: object, at: int, action: object, reason: object, verified: object
) -> pa.Table:
    index = np.flatnonzero(mask)

    def column(value: object) -> object:
        return np.asarray(value, dtype=object)[index] if isinstance(value, np.ndarray) else [value] * len(index)

    moments = pa.array(np.full(len(index), at)).cast(arrow.INSTANT)
    rows = {
        "decision_id": ids.take(pa.array(index)),
        "state": column(state),
        "at": moments,
        "known_at": moments,
        "action": column(action),
        "reason": column(reason),
        "verified": column(verified),
    }
    return pa.table(rows, schema=STATES)
