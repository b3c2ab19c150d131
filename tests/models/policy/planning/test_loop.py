"""The loop as a whole: weeks are planned, lived, ripen, are learned from, the next weeks are planned by it."""

from dataclasses import replace

import numpy as np
import pytest

from kqml.calendar.business_time import DAY_US
from kqml.duties.period import week
from kqml.errors import Refused
from models.policy.planning import learning
from models.policy.planning.claims import PlanClaims, evidence_text, plan_evidence
from models.policy.planning.decision_log import append_week, read_log
from models.policy.planning.decision_rows import decision_rows, state_rows
from models.policy.planning.plan_summary import plan_rows, recommended_actions, rep_rows, totals
from models.policy.planning.plan_week import PlanRequest, plan_dataset
from models.uplift import learner as model
from models.uplift.decision_rows import HORIZON_DAYS, build_decision_data

WEEKS = ("2022-W14", "2022-W18", "2022-W26", "2022-W29", "2022-W44")


@pytest.fixture(scope="module")
def loop(scene, tmp_path_factory):
    """Each week's plan with the log as it was before it, what the learner was given for it; six in ten explore. Only
    the last week's effects are fitted, which takes a while."""
    folder = tmp_path_factory.mktemp("loop")
    playbook = replace(scene.playbook, exploration=dict.fromkeys(scene.playbook.exploration, 0.6))
    lived, given = [], []
    fit = model.EffectModel.fit_sample

    def kept(self, sample):
        given.append(sample)
        if name != WEEKS[-1]:
            raise Refused("the last week alone is fitted")
        return fit(self, sample)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(model, "LEAST_ROWS", 2)
        patch.setattr(learning, "LEAST_PRECISION", 1.0)
        patch.setattr(model.EffectModel, "fit_sample", kept)
        for name in WEEKS:
            given.clear()
            log = read_log(folder) if lived else None
            planned = plan_dataset(scene.company.dataset, PlanRequest(playbook, week(name), scene.scorer, log))
            decisions = decision_rows(planned.plan, "1")
            append_week(folder, decisions, state_rows(planned.plan, decisions), None)
            lived.append((planned, log, list(given)))
    return lived


def ripe_by_hand(log, cutoff, lag_days=0.0):
    """Drawn, evaluable decisions whose whole horizon had passed."""
    told = log.decisions
    ends = told["cutoff"] + int((HORIZON_DAYS + lag_days) * DAY_US)
    return told[(told["probability"] < 1) & told["evaluable"] & ~told["must"] & (ends <= cutoff)]


def test_a_week_is_learned_from_when_its_horizon_has_passed_and_not_before(loop):
    reasons = [planned.evidence.why for planned, _, _ in loop]
    assert reasons[:3] == ["no_log", "nothing_mature", "nothing_mature"]
    rows = [planned.evidence.rows for planned, _, _ in loop]
    assert rows[:3] == [0, 0, 0]
    assert 0 < rows[3] < rows[4]
    for planned, log, given in loop[3:]:
        cutoff = planned.plan.company.cutoff
        ripe = ripe_by_hand(log, cutoff)
        assert 0 < planned.evidence.rows <= len(ripe) < len(log.decisions)
        assert planned.evidence.rows >= len(ripe_by_hand(log, cutoff, lag_days=14))
        assert sum(len(sample) for sample in given) == planned.evidence.rows


def test_no_outcome_that_was_learned_lies_behind_the_plans_cutoff(loop, scene):
    for planned, log, given in loop[3:]:
        cutoff = planned.plan.company.cutoff
        dataset = scene.company.dataset.known_before(cutoff)
        data = learning.mature_cutoffs(build_decision_data(dataset, log, scene.playbook), cutoff)
        assert (data.outcomes.matures_at <= cutoff).all()
        assert given[0].outcome.tolist() == data.outcomes.margin.tolist()
        assert np.isfinite(given[0].outcome).all()


def test_what_was_learned_decides_the_next_weeks_and_names_its_basis(loop):
    planned, _, _ = loop[-1]
    assert planned.evidence.why == "learned"
    assert planned.evidence.effects is not None
    assert "randomised" in set(planned.plan.assessment.basis[planned.plan.decided].ravel().tolist())
    known = planned.plan.ranked.known[planned.plan.decided]
    assert known.any()
    first, _, _ = loop[0]
    assert not first.plan.ranked.known.any()


def test_effects_of_a_thin_log_are_not_told_from_zero_and_no_money_is_claimed(loop):
    planned, _, _ = loop[-1]
    claims, who = PlanClaims(planned.plan, planned.evidence), recommended_actions(planned.plan)
    net = claims.net_value(who)
    assert net.low < 0 < net.high
    assert totals(planned.plan, claims, who, plan_rows(planned.plan, claims, who, "en"))["net_value"] is None
    rows = [row for row in plan_rows(planned.plan, claims, who, "en") if row["basis"] == "randomised"]
    assert rows
    assert all((row["effect"] is None) or row["effect"]["low"] > 0 or row["effect"]["high"] < 0 for row in rows)
    evidence = plan_evidence(claims, who)
    assert evidence["code"] == ("not_distinguishable" if net.value > 0 else "no_gain_seen")
    assert "not yet distinguishable from zero" in evidence_text(evidence, "en")
    assert "尚不能与零区分" in evidence_text(evidence, "zh")
    assert all(row["slot_price"] is None for row in rep_rows(planned.plan, claims))


def test_effects_measured_too_coarsely_are_not_used(loop, scene, monkeypatch):
    planned, log, _ = loop[-1]
    playbook, cutoff = planned.plan.company.playbook, planned.plan.company.cutoff
    monkeypatch.setattr(model, "LEAST_ROWS", 2)
    evidence = learning.learn_effects(scene.scorer, scene.company.dataset, log, playbook, cutoff)
    assert (evidence.why, evidence.effects) == ("too_imprecise", None)
    assert evidence.precision > learning.LEAST_PRECISION
    assert evidence.more_weeks > evidence.weeks
