"""What the playbook adds to a problem."""

import numpy as np
import pytest

from kqml.playbook import read_playbook
from kqml.playbook.codes import CHANNELS, TIERS
from models.policy.allocation.allocation import allocate
from models.policy.allocation.cadence import (
    exploration,
    no_floors,
    shortfall_costs,
    tier_indices,
    with_floors,
)
from models.policy.allocation.problem import NOT_BOOKED, Actions, AllocationProblem

PLAYBOOK = read_playbook()


def test_tiers_have_places_and_unknown_ones_are_owed_least():
    assert tier_indices(np.array(["A", "B", "C", "", "D"], dtype=object)).tolist() == [0, 1, 2, 2, 2]


def test_a_missing_contact_costs_what_the_playbook_says():
    found = shortfall_costs(PLAYBOOK, np.array([0, 2]))
    told = PLAYBOOK.shortfall_cost
    assert found[0].tolist() == [told["A"]["visit"], told["A"]["call"], told["A"]["message"]]
    assert found[1].tolist() == [told["C"]["visit"], told["C"]["call"], told["C"]["message"]]


def week(due, tier, allowed=None, rep=None):
    """A week of accounts that are owed `due`, all of one rep unless told otherwise."""
    count, actions = len(due), Actions.of(PLAYBOOK)
    shape = (count, len(actions.names))
    rep = np.zeros(count, dtype=np.int64) if rep is None else np.array(rep)
    return AllocationProblem(
        actions=actions,
        rep=rep,
        tier=np.array(tier),
        net_value=np.zeros(shape),
        allowed=np.ones(shape, dtype=bool) if allowed is None else allowed,
        fulfils=np.zeros(shape, dtype=bool),
        booked=np.full(count, NOT_BOOKED),
        due=np.array(due),
        shortfall_cost=np.zeros((count, 3)),
        capacity=np.full((int(rep.max()) + 1, 3), 1e6),
        floor=no_floors(int(rep.max()) + 1),
    )


def test_a_floor_is_the_playbooks_share_of_what_is_owed_in_whole_contacts():
    found = with_floors(week([[2.0, 0, 0], [1.0, 0, 0], [1.0, 1, 0]], [0, 0, 1], rep=[0, 0, 1]), PLAYBOOK).floor
    share = PLAYBOOK.cadence_floor
    assert found.shape == (2, 3, 3)
    assert found[0, 0].tolist() == [np.floor(3 * share["A"]), 0, 0]
    assert found[1, 1].tolist() == [np.floor(share["B"]), np.floor(share["B"]), 0]


def test_a_floor_asks_for_nothing_that_no_allowed_package_brings():
    problem = week([[0.0, 1.0, 1.0]] * 4, [2] * 4)
    problem.allowed[:, problem.actions.names.index("call")] = False
    assert with_floors(problem, PLAYBOOK).floor[0, 2].tolist() == [0, 0, 2]


def test_a_floor_asks_for_no_more_packages_than_there_are_accounts():
    fresh = week([[1.84, 0.92, 0.92]] * 20, [0] * 20)
    problem = with_floors(fresh, PLAYBOOK)
    assert 0 < problem.floor.sum() < np.floor(20 * np.array([1.84, 0.92, 0.92]) * PLAYBOOK.cadence_floor["A"]).sum()
    assert allocate(problem).missing.sum() == 0


@pytest.mark.parametrize("weeks", [1, 2, 5])
def test_the_presets_floors_can_be_met_in_every_tier(weeks):
    monthly = np.array([[PLAYBOOK.cadence[name][channel] for channel in CHANNELS] for name in TIERS])
    tier = np.repeat([0, 1, 2], [12, 30, 45])
    problem = with_floors(week(monthly[tier] / 4.35 * weeks, tier), PLAYBOOK)
    assert (problem.floor[0] > 0).any(axis=1).all()
    assert allocate(problem).missing.sum() == 0


def test_musts_and_the_holdout_do_not_explore():
    found = exploration(PLAYBOOK, np.array([0, 1, 1]), np.array([False, False, True]))
    assert found.tolist() == [PLAYBOOK.exploration["A"], PLAYBOOK.exploration["B"], 0.0]
