"""Logs of weeks in which required visits replace actions and next actions are drawn."""

import numpy as np
import pytest

from experiments.studies.off_policy.moving_week import MovingWeek, NextActionDraws, logged_policies, requires_visit
from experiments.studies.off_policy.pilot_weeks import arrive
from experiments.studies.off_policy.rollout_log import RolloutLog
from experiments.world.actions import WorldAction
from experiments.world.control import Observation, Pilot
from experiments.world.world import SizeShape, build_world

MONDAY = Pilot(0.5)
PLAIN, MOVING, NEXT = 0, 1, 2


@pytest.fixture(scope="module")
def points():
    world = build_world(SizeShape(700, 14, 40), 0)
    plain = arrive(world, (20,), MONDAY, 4)
    return [*plain, *arrive(world, (20,), MovingWeek(MONDAY), 4, logged=logged_policies(MONDAY))]


@pytest.fixture(scope="module")
def observation(points):
    return Observation(points[MOVING].simulation)


def test_required_visits_replace_what_is_carried_out_and_not_what_is_logged(points, observation):
    logged, carried_out = MONDAY.decide(observation), MovingWeek(MONDAY).decide(observation)
    required = requires_visit(observation) & observation.on_books
    replaced = required & logged.explored & (logged.assigned != WorldAction.VISIT)
    assert replaced.sum() > 10
    assert (carried_out.assigned[required] == WorldAction.VISIT).all()
    log = points[MOVING].draw(0)
    assert log.action.tolist() == points[PLAIN].draw(0).action.tolist()
    assert log.probability.tolist() == points[PLAIN].draw(0).probability.tolist()
    assert log.outcome.tolist() != points[PLAIN].draw(0).outcome.tolist()


def test_a_next_action_is_drawn_where_neither_monday_nor_a_required_visit_decided(points, observation):
    logged, later = MONDAY.decide(observation), NextActionDraws(MONDAY).decide(observation)
    assert later.explored.sum() > 20
    assert not (later.explored & (logged.explored | requires_visit(observation))).any()
    carried_out = MovingWeek(MONDAY).decide(observation)
    assert (carried_out.assigned[later.explored] == later.assigned[later.explored]).all()
    assert not set(points[NEXT].draw(0).account.tolist()) & set(points[MOVING].draw(0).account.tolist())


def test_effects_of_monday_shrink_by_what_is_replaced_and_those_of_next_actions_do_not(points):
    plain, moving, later = points
    assert later.truth.tolist() == plain.truth.tolist()
    assert np.abs(moving.effect).sum() < np.abs(plain.effect).sum()
    visit = int(WorldAction.VISIT)
    gap_before, gap = plain.truth[:, 0] - plain.truth[:, visit], moving.truth[:, 0] - moving.truth[:, visit]
    assert (np.abs(gap) <= np.abs(gap_before) + 1e-9).all()


def test_a_log_that_holds_the_replacing_action_is_another_one(points):
    world = build_world(SizeShape(700, 14, 40), 0)
    wrong = arrive(world, (20,), MovingWeek(MONDAY), 0, logged=logged_policies(MONDAY, overwritten=True))
    assert RolloutLog(wrong).draw(0)[0].action.tolist() != RolloutLog(points[1:]).draw(0)[0].action.tolist()
