"""Exploration draws, the logged probabilities, the holdout."""

from dataclasses import replace
from datetime import date, timedelta

import numpy as np
import pytest
from made_weeks import made_week

from kqml.playbook.planning import Holdout
from models.policy.allocation.problem import NOT_BOOKED
from models.policy.allocation.solving import solve
from models.policy.allocation.subproblems import subproblem
from models.policy.exploration.randomisation import draw_exploration, holdout_accounts, probability, uniform_draws
from models.policy.exploration.week import decide_week


def week_of(problem, seed, epsilon):
    uniform = np.random.default_rng(seed).random((2, len(problem)))
    return decide_week(problem, draw_exploration(problem.allowed, epsilon, *uniform))


def test_an_explorer_draws_evenly_from_what_is_eligible():
    eligible = np.tile([True, False, True, True], (30_000, 1))
    uniform = np.random.default_rng(0).random((2, len(eligible)))
    draws = draw_exploration(eligible, np.full(len(eligible), 0.4), *uniform)
    assert draws.explores.mean() == pytest.approx(0.4, abs=0.01)
    shares = np.bincount(draws.action[draws.explores], minlength=4) / draws.explores.sum()
    assert shares == pytest.approx([1 / 3, 0, 1 / 3, 1 / 3], abs=0.015)
    assert (draws.action[~draws.explores] == NOT_BOOKED).all()


def test_the_probability_is_that_of_the_formula():
    draws = draw_exploration(
        np.ones((2, 4), dtype=bool), np.array([0.2, 0.2]), np.array([0.1, 0.9]), np.array([0.5, 0.5])
    )
    found = probability(draws, np.ones((2, 4), dtype=bool), np.array([2, 1]), np.array([0, 1]))
    assert found == pytest.approx([0.05, 0.85])


def test_logged_probabilities_are_the_frequencies_of_the_assignments():
    """The same rep 1,500 times; the draws of the others stay the same while one account draws anew."""
    times, count = 1_500, 5
    problem = subproblem(made_week(4, accounts=count, room=0.3), np.zeros(times, dtype=int)).problem
    random = np.random.default_rng(1)
    explore, action_draw = (np.tile(random.random(count), (times, 1)) for _ in range(2))
    explore[:, 2], action_draw[:, 2] = random.random((2, times))
    draws = draw_exploration(problem.allowed, np.full(times * count, 0.3), explore.ravel(), action_draw.ravel())
    week = decide_week(problem, draws)
    action, logged = (values.reshape(times, count)[:, 2] for values in (week.assigned, week.probability))
    assert len(set(action.tolist())) > 2
    told = {int(one): set(np.round(logged[action == one], 9).tolist()) for one in set(action.tolist())}
    assert all(len(values) == 1 for values in told.values())
    assert sum(next(iter(values)) for values in told.values()) == pytest.approx(1.0)
    for one, values in told.items():
        assert (action == one).mean() == pytest.approx(next(iter(values)), abs=4 * np.sqrt(0.25 / times))


def test_inverse_chances_average_to_one_for_every_fixed_action():
    problem = subproblem(made_week(8, accounts=24, room=0.4), np.zeros(40, dtype=int)).problem
    week = week_of(problem, 0, np.full(len(problem), 0.4))
    for action in range(5):
        able = problem.allowed[:, action] & week.evaluable
        weights = ((week.assigned == action) / week.probability)[able]
        assert weights.mean() == pytest.approx(1.0, abs=4 * weights.std() / np.sqrt(able.sum()))


def test_who_explores_keeps_its_package_and_who_does_not_gets_the_plan():
    problem = made_week(2, accounts=60, reps=3, room=0.4, musts=0.1)
    epsilon = np.where(problem.must, 0.0, 0.2)
    week = week_of(problem, 0, epsilon)
    assert week.explored.any()
    assert (week.assigned[~week.explored] == week.planned[~week.explored]).all()
    kept = problem.must & ~problem.must_blocked
    assert (week.probability[kept] == 1).all()
    assert not week.evaluable[kept].any()


def test_the_plan_without_any_coin_is_the_allocation():
    problem = made_week(6, accounts=60, reps=3, room=0.4)
    week = week_of(problem, 0, np.zeros(60))
    calm = solve(problem, start=solve(problem).prices)
    assert (week.assigned == calm.choice).all()
    assert (week.probability == 1).all()
    assert not week.evaluable.any()


def test_accounts_of_a_rep_whose_bookings_could_overflow_are_not_evaluable():
    problem = made_week(6, accounts=60, reps=3, room=0.4)
    narrow = replace(problem, capacity=problem.capacity * np.array([[0.05], [1], [1]]))
    week = week_of(narrow, 0, np.full(60, 0.5))
    assert not week.evaluable[problem.rep == 0].any()
    assert week.allocation.overflows.tolist()[0] is True
    assert week.evaluable[problem.rep == 1].all()


def test_the_holdout_is_a_persistent_share_that_moves_with_the_term():
    ids = [f"A{number}" for number in range(20_000)]
    holdout, monday = Holdout(0.1, "north", 26), date(2024, 1, 1)
    first = holdout_accounts(holdout, ids, monday)
    assert first.mean() == pytest.approx(0.1, abs=0.01)
    assert (holdout_accounts(holdout, ids, monday + timedelta(weeks=25)) == first).all()
    later = holdout_accounts(holdout, ids, monday + timedelta(weeks=26))
    assert (later & first).sum() == pytest.approx(200, abs=60)
    assert (holdout_accounts(Holdout(0.1, "south", 26), ids, monday) != first).any()
    assert (holdout_accounts(holdout, ids[:50], monday) == first[:50]).all()


def test_dice_depend_on_salt_purpose_and_id_alone():
    one = uniform_draws("s", "coin 2024-W05", ["a", "b"])
    assert one.tolist() == uniform_draws("s", "coin 2024-W05", ["a", "b"]).tolist()
    assert one.tolist()[::-1] == uniform_draws("s", "coin 2024-W05", ["b", "a"]).tolist()
    assert not set(one) & set(uniform_draws("s", "coin 2024-W06", ["a", "b"]))
    many = uniform_draws("s", "x", [str(number) for number in range(20_000)])
    assert many.mean() == pytest.approx(0.5, abs=0.01)
    assert many.std() == pytest.approx(12**-0.5, abs=0.01)
