"""Whatever becomes known at or after a plan's cutoff changes nothing in the plan."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import orjson
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from later_events import LaterEvents

from features.context import context_of
from features.profile import profile_of
from features.rows import Rows
from kqml.dataset.folder import Dataset, write_dataset
from kqml.dataset.tables import SCHEMAS
from kqml.duties.period import week
from kqml.events import KINDS
from kqml.history.account_rollback import CHANGING
from models.churn.scoring import as_record
from models.churn.scoring_request import ScoringRequest
from models.policy.brief.inputs import read_brief_inputs
from models.policy.planning.company import earlier_compliance
from models.policy.planning.decision_rows import decision_rows, state_rows
from models.policy.planning.learned_state import fingerprint_of, learned_state_json
from models.policy.planning.plan_summary import recommended_actions
from models.policy.planning.plan_week import PlanRequest, plan_dataset
from models.policy.planning.receipts import build_receipts
from models.uplift.decision_log import DecisionLog

WEEK = "2022-W40"
CHANGING_CODES = {kind.code for kind in CHANGING}


@dataclass(frozen=True)
class Then:
    """The tables of a company as rows, its data ending at the cutoff of the week."""

    dataset: Dataset
    cutoff: int
    accounts: list[dict[str, Any]] = field(repr=False)
    events: list[dict[str, Any]] = field(repr=False)

    def written(self, folder: Path, accounts: list[dict[str, Any]], events: list[dict[str, Any]]) -> Dataset:
        """The company with these accounts and events; columns of events without a value are absent."""
        held = [field for field in SCHEMAS["events"] if any(row.get(field.name) is not None for row in events)]
        rows = sorted(events, key=lambda row: (row["account_id"], row["occurred_at"], row["event_id"]))
        tables = {name: self.dataset.table(name) for name in ("contacts", "reps")}
        tables["events"] = pa.Table.from_pylist(rows, schema=pa.schema(held))
        tables["accounts"] = pa.Table.from_pylist(accounts, schema=SCHEMAS["accounts"])
        return write_dataset(folder, tables, self.dataset.info, force=True)


@pytest.fixture(scope="module")
def then(scene):
    cutoff = week(WEEK).instants(scene.company.dataset.info.time_zone)[0]
    dataset = scene.company.dataset.known_before(cutoff)
    return Then(dataset, cutoff, dataset.table("accounts").to_pylist(), dataset.events().to_pylist())


def decided(dataset, scene, log, then):
    """Everything that is told of a week, as text: plan, receipts with briefs, what was learned, compliance, scores."""
    planned = plan_dataset(dataset, PlanRequest(scene.playbook, week(WEEK), scene.scorer, log))
    plan = planned.plan
    learned = learned_state_json(planned.learned, scene.playbook)
    ids = [str(plan.company.account_ids[place]) for place in recommended_actions(plan)]
    receipts = build_receipts(planned, read_brief_inputs(plan.company, ids), fingerprint_of(learned))
    decisions = decision_rows(plan, "1")
    found = {
        "decisions": decisions.to_pylist(),
        "states": state_rows(plan, decisions).to_pylist(),
        "receipts": receipts,
        "learned": learned,
        "compliance": earlier_compliance(plan.company).tolist(),
        "prices": plan.week.allocation.used.tolist(),
        "scores": scores(dataset.known_before(then.cutoff), scene, then),
    }
    return {name: orjson.dumps(value, default=str) for name, value in found.items()}


def scores(dataset, scene, then):
    log = dataset.event_log()
    profile = profile_of(dataset, Rows.grid(log.account_count, np.array([then.cutoff])))
    words = {name: profile[name].tolist() for name in profile}
    asked = ScoringRequest(log, context_of(dataset.info, dataset.accounts(), log), then.cutoff, words)
    return [as_record(score) for score in scene.scorer.score(asked)]


@settings(
    max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(seed=st.integers(0, 2**31), updated=st.booleans())
def test_later_events_of_every_kind_change_nothing(scene, then, tmp_path, seed, updated):
    """A random part of a history is planned, then the same part with later events of every kind beside it, the table of
    accounts changed as these events say, or not."""
    random = np.random.default_rng(seed)
    part = [row for row in then.events if random.random() < 0.7 or row["kind"] in CHANGING_CODES]
    accounts = [dict(row) for row in then.accounts]
    later = LaterEvents(seed, accounts, part, then.cutoff, updated).of_every_kind()
    assert {row["kind"] for row in later} == {kind.code for kind in KINDS}
    log = made_log(then, scene.playbook.action_names, random)
    before = decided(then.written(tmp_path / "before", then.accounts, part), scene, log, then)
    after = decided(then.written(tmp_path / "after", accounts, [*part, *later]), scene, rejected(log, then), then)
    assert [name for name in before if before[name] != after[name]] == []


def test_an_event_retracted_as_it_became_known_never_was(scene, then, tmp_path):
    """But for changes of accounts, of which even a retracted one says what was before it."""
    random = np.random.default_rng(5)
    fit = [row for row in then.events if row["kind"] not in CHANGING_CODES and "event_retracted" not in row["kind"]]
    gone = {row["event_id"]: row for row in (fit[place] for place in random.integers(0, len(fit), 400))}
    part = [row for row in then.events if row["event_id"] not in gone]
    retractions = [retraction(row) for row in gone.values()]
    log = made_log(then, scene.playbook.action_names, random)
    before = decided(then.written(tmp_path / "before", then.accounts, part), scene, log, then)
    after = decided(then.written(tmp_path / "after", then.accounts, [*then.events, *retractions]), scene, log, then)
    assert [name for name in before if before[name] != after[name]] == []


def retraction(row):
    """Known at the instant from which on the event itself would have been counted."""
    at = max(row["occurred_at"], row["known_at"])
    own = {"event_id": f"not-{row['event_id']}", "account_id": row["account_id"], "ref": row["event_id"]}
    return own | {"occurred_at": at, "known_at": at, "kind": "event_retracted"}


def made_log(then, actions, random):
    """Thirty accounts drawn evenly in four weeks, whose outcomes are mature by the cutoff."""
    ids = [row["account_id"] for row in then.accounts[:30]]
    weeks = [f"2022-W{number}" for number in range(18, 22)]
    zone, count = then.dataset.info.time_zone, len(ids) * len(weeks)
    decisions = {
        "decision_id": [f"D{number}" for number in range(count)],
        "account_id": ids * len(weeks),
        "week": np.repeat(weeks, len(ids)),
        "cutoff": np.repeat([week(name).instants(zone)[0] for name in weeks], len(ids)),
        "assigned": random.choice(actions[:4], count),
        "probability": 0.25,
        "eligible": '["wait","message","call","visit"]',
        "must": False,
        "holdout": False,
        "evaluable": True,
    }
    states = ["decision_id", "state", "at", "known_at", "action", "verified"]
    return DecisionLog(pd.DataFrame(decisions), pd.DataFrame(columns=states))


def rejected(log, then):
    """The same log in which every recommendation was rejected twice, as became known at the cutoff."""
    told = log.decisions[["decision_id"]].assign(state="rejected", at=then.cutoff - 1, known_at=then.cutoff)
    told = told.assign(action=log.decisions["assigned"], verified=False)
    return DecisionLog(log.decisions, pd.concat([told, told], ignore_index=True))


def test_a_dataset_that_ends_before_the_cutoff_is_left_as_it_is(then):
    assert then.dataset.known_before(then.cutoff) is then.dataset


def test_the_known_part_of_a_dataset_holds_no_later_event(scene, then):
    whole = scene.company.dataset
    assert (whole.event_log().known_at >= then.cutoff).any()
    assert (then.dataset.event_log().known_at < then.cutoff).all()
    assert not pc.any(pc.greater_equal(then.dataset.events()["known_at"].cast("int64"), then.cutoff)).as_py()
    assert set(then.dataset.info.kinds_recorded) < set(whole.info.kinds_recorded)
