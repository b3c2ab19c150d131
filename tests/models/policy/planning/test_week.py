"""A week's plan: who gets what, with which chance, why; what the log holds of it."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from kqml.calendar.business_time import DAY_US
from kqml.dataset.folder import read_dataset
from kqml.duties.overrides import DutyOverride, duty_id
from kqml.duties.period import week
from kqml.errors import Refused
from kqml.events import EventGroup, kinds_in
from kqml.playbook import read_playbook
from models.policy.allocation.allocation import violations
from models.policy.allocation.problem import NOT_BOOKED, Actions
from models.policy.planning import learning
from models.policy.planning.assessment import AccountAssessment, unassessed
from models.policy.planning.claims import PlanClaims
from models.policy.planning.decision_log import append_week, has_week, read_log, receipt, replay
from models.policy.planning.decision_rows import decision_rows, state_rows
from models.policy.planning.holdout import playbook_actions
from models.policy.planning.learning import learn_effects, mature_cutoffs
from models.policy.planning.plan_summary import plan_rows, recommended_actions, totals
from models.policy.planning.plan_week import PlanRequest, plan_dataset
from models.policy.planning.ranking import rank_actions, urgency
from models.policy.planning.week_decision import reasons_given
from models.uplift.decision_log import DecisionLog
from models.uplift.decision_rows import build_decision_data
from models.uplift.fitted import Basis

ORGANISATION = pa.array([kind.code for kind in kinds_in(EventGroup.ORGANISATION)])


def judged(**columns) -> AccountAssessment:
    plain = unassessed(len(columns["raised"]), 6)
    return replace(plain, **{name: np.asarray(value) for name, value in columns.items()})


def test_without_evidence_risk_times_value_ranks_only_where_the_risk_is_raised():
    found = judged(at_risk=[100.0, 900.0, 300.0, np.nan], raised=[True, False, True, False])
    weights = urgency(found, read_playbook())
    assert weights[1] == weights[3] == 0
    assert weights[2] == pytest.approx(60.0, rel=0.01)
    assert weights[0] == pytest.approx(weights[2] / 3, rel=0.05)


def test_an_unknown_effect_is_a_rank_and_a_known_one_is_money():
    effect = np.full((2, 6), np.nan)
    effect[1] = [0, 10, 30, 200, 250, 260]
    found = judged(at_risk=[100.0, 100.0], raised=[True, True], effect=effect)
    ranked = rank_actions(found, read_playbook(), np.array([None, None]))
    assert ranked.known.tolist() == [False, True]
    assert ranked.score[1].tolist() == pytest.approx([0, 10 - 7, 30 - 20, 200 - 81, 250 - 192, 260 - 162])
    assert ranked.score[0].argmax() == 3
    assert set(ranked.basis[0]) == {Basis.UNKNOWN.value}


def test_help_ranks_above_a_visit_only_where_it_answers_a_reason():
    found = judged(at_risk=[100.0, 100.0], raised=[True, True])
    score = rank_actions(found, read_playbook(), np.array([None, "market_briefing"], dtype=object)).score
    help_offer, visit = score[:, 4], score[:, 3]
    assert help_offer[0] < visit[0]
    assert help_offer[1] > visit[1]


def test_the_companys_priors_order_actions_and_are_called_that():
    playbook = replace(read_playbook(), priors={"call": 1, "visit": 2})
    ranked = rank_actions(judged(at_risk=[100.0], raised=[True]), playbook, np.array([None]))
    assert ranked.score[0].argmax() == playbook.action_names.index("call")
    assert ranked.basis[0].tolist() == ["unknown", "unknown", "prior", "prior", "unknown", "unknown"]


def test_the_holdout_gets_the_cadence_as_often_as_its_rep_kept_it():
    playbook = read_playbook()
    packages = Actions.of(playbook)
    due = np.tile([1.0, 1.0, 0.0], (20_000, 1))
    kept = np.tile([0.3, 0.5, 1.0], (20_000, 1))
    luck = np.random.default_rng(0).random((20_000, 3))
    found = playbook_actions(packages, due, kept, np.ones((20_000, 6), dtype=bool), luck)
    share = {name: float((found == place).mean()) for place, name in enumerate(packages.names)}
    assert share["visit"] == pytest.approx(0.3, abs=0.02)
    assert share["call"] == pytest.approx(0.7 * 0.5, abs=0.02)
    assert share["help_offer"] == share["message"] == 0
    assert (found == NOT_BOOKED).mean() == pytest.approx(0.35, abs=0.02)


def test_a_week_keeps_every_rule_and_says_what_it_does_not_know(scene):
    plan = scene.planned.plan
    assert sum(violations(plan.problem, plan.week.allocation).values()) == 0
    claims = PlanClaims(plan, scene.planned.evidence)
    rows = plan_rows(plan, claims, recommended_actions(plan), "en")
    assert {row["basis"] for row in rows} == {"unknown"}
    assert all(row["effect"] is None and row["net_value"] is None for row in rows)
    sums = totals(plan, claims, recommended_actions(plan), rows)
    assert sums["net_value"] is None
    assert scene.planned.evidence.why == "no_log"
    scored = [row for row in rows if row["value_at_risk"] is not None]
    assert len(scored) > 40
    total = sums["value_at_risk"]
    assert total["value"] == pytest.approx(sum(row["value_at_risk"] for row in scored))
    assert total["low"] < total["value"] < total["high"]
    assert plan.assessment.at_risk[plan.decided] == pytest.approx(
        (plan.assessment.probability * plan.assessment.margin)[plan.decided], nan_ok=True
    )


def test_held_out_accounts_never_explore_and_get_no_rank(scene):
    plan = scene.planned.plan
    assert plan.holdout.any()
    assert not plan.week.explored[plan.holdout].any()
    assert (plan.week.probability[plan.holdout] == 1).all()
    assert (plan.problem.net_value[plan.holdout] == 0).all()
    assert set(reasons_given(plan)[plan.holdout & ~plan.problem.must]) <= {"playbook", "nothing"}


def test_the_plan_sees_nothing_that_was_not_known_at_its_cutoff(scene, tmp_path):
    """A week amid the history gives the same plan when all that came later is gone. Later changes of tier or rep stay:
    the tables are of now, these events say what they were before."""
    early = week("2022-W40")
    dataset = scene.company.dataset
    whole = plan_dataset(dataset, PlanRequest(scene.playbook, early, scene.scorer)).plan
    shutil.copytree(dataset.path, tmp_path / "then")
    for part in (tmp_path / "then" / "events").glob("part-*.parquet"):
        events = pq.read_table(part)
        known = pc.less(events["known_at"].cast("int64"), whole.company.cutoff)
        changes = pc.is_in(events["kind"].cast("string"), value_set=ORGANISATION)
        pq.write_table(events.filter(pc.or_(known, changes)), part)
    then = plan_dataset(read_dataset(tmp_path / "then"), PlanRequest(scene.playbook, early, scene.scorer)).plan
    assert decision_rows(whole, "1").equals(decision_rows(then, "1"))
    assert np.array_equal(whole.assessment.at_risk, then.assessment.at_risk, equal_nan=True)
    assert np.isfinite(whole.assessment.probability).any()


def test_a_logged_week_replays_bit_for_bit_and_a_changed_one_is_refused(scene, tmp_path):
    plan = scene.planned.plan
    decisions = decision_rows(plan, "1@abc")
    append_week(tmp_path, decisions, state_rows(plan, decisions), None)
    assert has_week(tmp_path, "2023-W08")
    assert not has_week(tmp_path, "2023-W09")
    replay(tmp_path, decisions, None)
    other = decisions.set_column(
        decisions.column_names.index("probability"), "probability", pc.multiply(decisions["probability"], 1 - 1e-16)
    )
    other = other.set_column(8, "assigned", pc.if_else(pc.equal(other["assigned"], "wait"), "call", "wait"))
    with pytest.raises(Refused, match="differs from the decision log"):
        replay(tmp_path, other, None)
    one = receipt(tmp_path, decisions["decision_id"][3].as_py())
    assert one["assigned"] == decisions["assigned"][3].as_py()
    assert [state["state"] for state in one["states"]] == ["recommended"]
    with pytest.raises(Refused, match="The decision does not exist"):
        receipt(tmp_path, "Dnone")


def test_rejected_recommendations_are_left_alone_for_a_while(scene, tmp_path):
    plan = scene.planned.plan
    decisions = decision_rows(plan, "1")
    append_week(tmp_path, decisions, state_rows(plan, decisions), None)
    states = pq.read_table(tmp_path / "decision_states.parquet").to_pandas()
    mine = plan.decided & (reasons_given(plan) == "value") & (plan.week.assigned == 3)
    account = str(plan.company.account_ids[np.flatnonzero(mine)[0]])
    own = decisions.filter(pc.equal(decisions["account_id"], account))["decision_id"][0].as_py()
    rejected = states[states["decision_id"] == own].assign(state="rejected")
    log = read_log(tmp_path)
    lately = [rejected.assign(at=plan.company.cutoff + hour, known_at=plan.company.cutoff + hour) for hour in (1, 2)]
    log = replace(log, states=pd.concat([log.states, *lately], ignore_index=True))
    later = plan_dataset(scene.company.dataset, PlanRequest(scene.playbook, week("2023-W09"), None, log)).plan
    place = list(later.company.account_ids).index(account)
    assert not later.guarded.allowed[place, 3]
    assert later.week.assigned[place] != 3


def test_immature_weeks_are_not_read_as_outcomes(scene, monkeypatch):
    """Of drawn decisions only those whose horizon had passed at the cutoff reach the learner."""
    log, cutoffs = made_log(scene)
    seen = []

    class Spy:
        def fit_sample(self, sample):
            seen.append(sample)
            raise Refused("enough seen")

    monkeypatch.setattr(learning, "EffectModel", Spy)
    now = cutoffs[0] + 95 * DAY_US
    evidence = learn_effects(scene.scorer, scene.company.dataset, log, scene.playbook, now)
    assert evidence.effects is None
    ripe = sum(1 for one in cutoffs if one + 91 * DAY_US <= now) * 40
    assert 0 < len(seen[0]) <= ripe < 40 * len(cutoffs)
    assert np.isfinite(seen[0].outcome).all()
    early = learn_effects(scene.scorer, scene.company.dataset, log, scene.playbook, cutoffs[0] + 30 * DAY_US)
    assert early.why == "nothing_mature"


def test_rows_that_ripen_later_are_not_matured(scene):
    log, cutoffs = made_log(scene)
    data = build_decision_data(scene.company.dataset, log, scene.playbook)
    for now in (cutoffs[0], cutoffs[1] + 92 * DAY_US, cutoffs[-1] + 200 * DAY_US):
        assert (mature_cutoffs(data, now).outcomes.matures_at <= now).all()


def made_log(scene):
    """Forty accounts drawn evenly in each of eight weeks."""
    zone, random = scene.company.dataset.info.time_zone, np.random.default_rng(0)
    ids = scene.company.dataset.event_log().accounts[:40]
    names = [f"2022-W{number}" for number in range(30, 38)]
    cutoffs = [week(name).instants(zone)[0] for name in names]
    actions = scene.playbook.action_names
    frame = pd.DataFrame(
        {
            "decision_id": [f"D{number}" for number in range(40 * 8)],
            "account_id": list(ids) * 8,
            "week": np.repeat(names, 40),
            "cutoff": np.repeat(cutoffs, 40),
            "assigned": random.choice(actions[:4], 40 * 8),
            "probability": 0.25,
            "eligible": '["wait","message","call","visit"]',
            "must": False,
            "holdout": False,
            "evaluable": True,
        }
    )
    return DecisionLog(frame, pd.DataFrame(columns=["decision_id", "state", "at", "action", "verified"])), cutoffs


def test_a_must_that_somebody_declared_done_is_none_any_more(scene):
    """The account is left to the allocation, which the others' musts bound as before."""
    owed = scene.planned.plan.company.duties.to_pylist()
    must = next(row for row in owed if row["must"] and row["account_id"])
    account = must["account_id"]
    cutoff = scene.planned.plan.company.cutoff
    names = [duty_id(row) for row in owed if row["account_id"] == account and row["must"]]
    said = tuple(DutyOverride(name, account, "done", cutoff - 1) for name in names)
    wish = PlanRequest(scene.playbook, scene.planned.plan.company.week, declared=said)
    musts = [row["must"] for row in plan_dataset(scene.company.dataset, wish).plan.company.duties.to_pylist()]
    assert sum(musts) == sum(row["must"] for row in owed) - len(names)
