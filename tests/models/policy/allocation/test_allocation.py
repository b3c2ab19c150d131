"""The allocation against every plan there is, its rules on random weeks, its words."""

import ctypes
from dataclasses import replace
from itertools import count
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from made_weeks import all_plans, made_week
from scipy.optimize import milp

from kqml.errors import BadUse, CouldNot
from models.policy.allocation import exact
from models.policy.allocation import integer_program as programme
from models.policy.allocation.allocation import allocate, violations
from models.policy.allocation.leftovers import GIVEN, LEFT_OUT
from models.policy.allocation.problem import NOT_BOOKED, check_problem
from models.policy.allocation.solving import solve


def oracle(problem):
    """(−overflow, −missing contacts, value) of the best plan of one rep, by looking at every plan."""
    best = None
    forced = ~problem.options[:, 0]
    row = np.arange(len(problem))
    scale = np.where(problem.capacity[0] > 0, problem.capacity[0], 1.0)
    for plan in all_plans(problem):
        choice = np.array(plan)
        cost = problem.cost[row, choice]
        booked = np.maximum(cost[forced].sum(axis=0) - problem.capacity[0], 0.0)
        if (cost.sum(axis=0) > problem.capacity[0] + booked).any():
            continue
        served = np.zeros_like(problem.floor[0])
        np.add.at(served, problem.tier, np.minimum(problem.actions.contacts[choice], np.ceil(problem.due)))
        missing = np.maximum(problem.floor[0] - served, 0).sum()
        found = (-(booked / scale).sum(), -missing, problem.value[row, choice].sum())
        best = found if best is None or found > best else best
    return best


def test_the_exact_plan_equals_the_best_of_all_plans_where_costs_differ_between_accounts():
    for seed in range(12):
        same = made_week(seed, room=0.4, floors=0.5 * (seed % 2), musts=0.2 * (seed % 3), explored=0.2)
        factor = np.random.default_rng(seed).choice([0.5, 1.0, 2.0], (len(same), len(same.actions.names), 1))
        problem = replace(same, own_cost=same.cost * factor)
        found = allocate(problem, exact=True)
        assert violations(problem, found) == dict.fromkeys(violations(problem, found), 0)
        overflow, missing, value = oracle(problem)
        if overflow == 0:
            assert -found.missing.sum() == pytest.approx(missing, abs=1e-6)
            assert found.worth.sum() == pytest.approx(value, abs=1e-4)


@pytest.mark.parametrize(
    ("floors", "musts", "explored"), [(0, 0, 0), (0.5, 0, 0), (1, 0, 0), (0, 0.4, 0), (0.6, 0.3, 0.2)]
)
@pytest.mark.parametrize("room", [0.1, 0.4, 0.9])
def test_the_exact_plan_equals_the_best_of_all_plans(room, floors, musts, explored):
    for seed in range(4):
        problem = made_week(seed, room=room, floors=floors, musts=musts, explored=explored)
        found = allocate(problem, exact=True)
        overflow, missing, value = oracle(problem)
        scale = np.where(problem.capacity[0] > 0, problem.capacity[0], 1.0)
        assert -(found.overflow[0] / scale).sum() == pytest.approx(overflow, abs=1e-6)
        if overflow == 0:
            assert -found.missing.sum() == pytest.approx(missing, abs=1e-6)
            assert found.worth.sum() == pytest.approx(value, abs=1e-4)
            assert found.bound.sum() == pytest.approx(value, abs=1e-4)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    accounts=st.integers(1, 60),
    reps=st.integers(1, 6),
    room=st.floats(0, 1.5),
    floors=st.sampled_from([0, 0.3, 0.7, 1.0]),
    musts=st.sampled_from([0, 0.1, 0.6]),
    explored=st.sampled_from([0, 0.2]),
)
def test_no_plan_breaks_a_rule(seed, accounts, reps, room, floors, musts, explored):
    problem = made_week(seed, accounts, reps, room, floors, musts, explored)
    found = allocate(problem)
    assert violations(problem, found) == dict.fromkeys(violations(problem, found), 0)
    assert (found.worth <= found.bound + 1e-6 * np.maximum(np.abs(found.bound), 1)).all()
    assert set(found.given_for) <= set(GIVEN)
    assert set(found.left_out) <= set(LEFT_OUT)


@pytest.mark.parametrize("floors", [0, 0.1])
def test_plans_by_prices_are_within_the_tolerance_of_the_exact_ones(floors):
    problem = made_week(3, accounts=400, reps=8, room=0.4, floors=floors, musts=0.05)
    fast, exact = allocate(problem), allocate(problem, exact=True)
    assert (~fast.exact).any()
    assert fast.worth.sum() <= exact.worth.sum() + 1e-6
    assert fast.worth.sum() >= 0.99 * exact.worth.sum()
    assert fast.bound.sum() >= exact.worth.sum() - 1e-6
    assert fast.gap <= 0.01


def test_a_rep_gets_the_same_plan_alone_as_among_others():
    problem = made_week(5, accounts=300, reps=12, room=0.4, floors=0.4, explored=0.1)
    whole = solve(problem)
    names = ("tier", "net_value", "allowed", "fulfils", "booked", "due", "shortfall_cost")
    for rep in range(12):
        rows = np.flatnonzero(problem.rep == rep)
        alone = replace(
            problem,
            rep=np.zeros(len(rows), dtype=int),
            capacity=problem.capacity[[rep]],
            floor=problem.floor[[rep]],
            **{name: getattr(problem, name)[rows] for name in names},
        )
        assert (solve(alone).choice == whole.choice[rows]).all()


def small_week(**changes):
    """Three accounts of one rep, hours for two visits; A gains 50, B 40, C 30 by a visit."""
    problem = made_week(0, accounts=3, room=1.0)
    net = np.zeros_like(problem.net_value)
    net[:, 3] = [50, 40, 30]
    quiet = {
        "net_value": net,
        "allowed": np.ones_like(problem.allowed),
        "tier": np.array([0, 1, 2]),
        "due": np.zeros((3, 3)),
        "shortfall_cost": np.zeros((3, 3)),
        "capacity": np.array([[110.0, 2.0, 30.0]]),
    }
    return replace(problem, **{**quiet, **changes})


def test_the_hours_go_to_those_who_gain_most():
    found = allocate(small_week())
    assert found.choice.tolist() == [3, 3, 0]
    assert found.given_for.tolist() == ["value", "value", "nothing"]
    assert found.left_out.tolist() == ["", "", "no_room"]


def test_a_must_takes_the_hours_of_a_better_account():
    fulfils = np.zeros((3, 5), dtype=bool)
    fulfils[2, 3] = True
    found = allocate(small_week(fulfils=fulfils))
    assert found.choice.tolist() == [3, 0, 3]
    assert found.given_for.tolist() == ["value", "nothing", "must"]


def test_a_must_that_guardrails_block_is_reported():
    fulfils, allowed = np.zeros((3, 5), dtype=bool), np.ones((3, 5), dtype=bool)
    fulfils[2, 3], allowed[2, 3] = True, False
    found = allocate(small_week(fulfils=fulfils, allowed=allowed))
    assert found.left_out.tolist() == ["", "", "must_blocked"]


def test_musts_beyond_the_hours_are_kept_and_reported_as_overflow():
    fulfils = np.zeros((3, 5), dtype=bool)
    fulfils[:, 3] = True
    found = allocate(small_week(fulfils=fulfils))
    assert found.choice.tolist() == [3, 3, 3]
    assert found.overflow.tolist() == [[55.0, 1.0, 15.0]]
    assert found.overflows.tolist() == [True]


def test_a_floor_moves_a_visit_to_its_tier():
    floor = np.zeros((1, 3, 3))
    floor[0, 2, 0] = 1
    due = np.zeros((3, 3))
    due[2, 0] = 1
    found = allocate(small_week(floor=floor, due=due))
    assert found.choice.tolist() == [3, 0, 3]
    assert found.left_out.tolist() == ["", "floor", ""]
    assert found.missing.sum() == 0


def test_a_floor_that_cannot_be_met_is_reported_missing():
    floor, due = np.zeros((1, 3, 3)), np.zeros((3, 3))
    floor[0, :, 0], due[:, 0] = 1, 1
    found = allocate(small_week(floor=floor, due=due))
    assert found.missing.sum() == 1
    assert found.exact.tolist() == [True]


def test_what_is_not_worth_it_is_told_from_what_is_blocked():
    net, allowed = small_week().net_value.copy(), np.ones((3, 5), dtype=bool)
    net[1, 3], allowed[0, 3] = -5, False
    found = allocate(small_week(net_value=net, allowed=allowed))
    assert found.choice.tolist() == [0, 0, 3]
    assert found.left_out.tolist() == ["blocked", "not_worth", ""]


def test_an_owed_contact_is_worth_the_shortfall_it_avoids():
    due, cost = np.zeros((3, 3)), np.zeros((3, 3))
    due[2, 0], cost[2, 0] = 1, 25
    found = allocate(small_week(due=due, shortfall_cost=cost))
    assert found.choice.tolist() == [3, 0, 3]
    assert found.avoided.tolist() == [0, 0, 25]
    assert found.net_value.tolist() == [50, 0, 30]


def worth_of_slot(problem):
    """What room for one more visit would add to the best plan of the only rep: two exact solutions."""
    visit = problem.actions.cost[problem.actions.names.index("visit")]
    wider = replace(problem, capacity=problem.capacity + visit)
    return (solve(wider, exact=True).worth - solve(problem, exact=True).worth).sum()


def test_room_for_one_more_visit_is_worth_the_visit_left_out():
    assert worth_of_slot(small_week()) == pytest.approx(30)


def test_the_price_of_a_slot_bounds_what_it_is_worth():
    problem = made_week(11, accounts=60, room=0.3)
    price = allocate(problem).slot_price(problem.actions.cost[3])[0]
    assert price > 0
    assert worth_of_slot(problem) <= price * 1.5 + 5


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"tier": np.array([0, 1])}, r"tier: has the shape \(2,\) – give \(3,\)"),
        ({"tier": np.array([0, 1, 7])}, r"tier\[2\]: 7 is not valid"),
        ({"rep": np.array([0, -1, 0])}, r"rep\[1\]: -1 is not valid"),
        ({"net_value": np.full((3, 5), np.nan)}, r"net_value\[0\]"),
        ({"booked": np.array([9, NOT_BOOKED, NOT_BOOKED])}, r"booked\[0\]: 9 is not valid"),
        ({"capacity": np.array([[-1.0, 0, 0]])}, "capacity: has a negative or missing number"),
        ({"due": np.full((3, 3), -1.0)}, r"due\[0\]"),
    ],
)
def test_arrays_that_cannot_be_are_refused(changes, told):
    with pytest.raises(BadUse, match=told):
        check_problem(small_week(**changes))


def test_the_solver_writes_nothing_of_its_own(capfd):
    """HiGHS 1.12 prints a line about this week; the C library keeps it back until its buffer is emptied."""
    solve(made_week(50, accounts=50, reps=3, room=0.6, floors=0.5, musts=0.2, explored=0.1), exact=True)
    ctypes.CDLL(None).fflush(None)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("failures", [1, 3])
def test_an_optimiser_that_fails_is_asked_otherwise(monkeypatch, failures):
    """`failures`: attempts in a row that end with a solve error, of every programme."""
    problem = made_week(2, room=0.3, floors=1.0)
    expected = allocate(problem, exact=True)
    asked = count()

    def failing(*args, **options):
        if next(asked) % (failures + 1) < failures:
            return SimpleNamespace(x=None, status=4, message="Solve error")
        return milp(*args, **options)

    monkeypatch.setattr(programme, "milp", failing)
    found = allocate(problem, exact=True)
    assert found.missing.sum() == expected.missing.sum()
    assert found.worth.sum() == pytest.approx(expected.worth.sum(), rel=1e-2)
    assert (found.bound >= found.worth - 1e-6).all()


def test_where_the_second_step_fails_missing_contacts_are_dear(monkeypatch):
    problem = made_week(2, room=0.3, floors=1.0)
    expected = allocate(problem, exact=True)
    assert expected.missing.sum() > 0
    solved = exact._solve

    def failing(programme, weights, missing, gap):
        if 0 < missing < np.inf:
            raise CouldNot("Solve error")
        return solved(programme, weights, missing, gap)

    monkeypatch.setattr(exact, "_solve", failing)
    found = allocate(problem, exact=True)
    assert found.missing.sum() == expected.missing.sum()
    assert found.worth.sum() == pytest.approx(expected.worth.sum())
    assert (found.bound >= found.worth - 1e-6).all()
