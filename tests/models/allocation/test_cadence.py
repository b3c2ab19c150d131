"""What the playbook adds to a problem."""

import numpy as np
import pytest

from kqml.playbook import read_playbook
from models.allocation.cadence import exploration, floors, shortfall_costs, split_budget, tier_places

PLAYBOOK = read_playbook()


def test_tiers_have_places_and_unknown_ones_are_owed_least():
    assert tier_places(np.array(["A", "B", "C", "", "D"], dtype=object)).tolist() == [0, 1, 2, 2, 2]


def test_a_missing_contact_costs_what_the_playbook_says():
    found = shortfall_costs(PLAYBOOK, np.array([0, 2]))
    told = PLAYBOOK.shortfall_cost
    assert found[0].tolist() == [told["A"]["visit"], told["A"]["call"], told["A"]["message"]]
    assert found[1].tolist() == [told["C"]["visit"], told["C"]["call"], told["C"]["message"]]


def test_a_floor_is_the_playbooks_share_of_what_is_owed_in_whole_contacts():
    due = np.array([[2.0, 0, 0], [1.0, 0, 0], [1.0, 1, 0]])
    found = floors(PLAYBOOK, np.array([0, 0, 1]), np.array([0, 0, 1]), due, 2)
    share = PLAYBOOK.cadence_floor
    assert found.shape == (2, 3, 3)
    assert found[0, 0].tolist() == [np.floor(3 * share["A"]), 0, 0]
    assert found[1, 1].tolist() == [np.floor(share["B"]), np.floor(share["B"]), 0]


def test_musts_and_the_holdout_do_not_explore():
    found = exploration(PLAYBOOK, np.array([0, 1, 1]), np.array([False, False, True]))
    assert found.tolist() == [PLAYBOOK.exploration["A"], PLAYBOOK.exploration["B"], 0.0]


def test_a_regions_budget_is_split_by_weight_before_anything_else():
    found = split_budget(np.array([0, 0, 1, 1]), np.array([300.0, 100.0]), np.array([1.0, 2.0, 0.0, 0.0]))
    assert found.tolist() == pytest.approx([100.0, 200.0, 50.0, 50.0])
