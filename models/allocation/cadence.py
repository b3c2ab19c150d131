"""What the playbook adds to a week's problem: shortfall costs, floors, budgets of regions."""

import numpy as np
from numpy.typing import NDArray

from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS, TIERS
from models.allocation.problem import Floats, Places

WHOLE = 1e-9


def tier_places(tier: NDArray[np.object_]) -> Places:
    """The place of each account's tier among TIERS; unknown ones count as the last, which is owed least."""
    found = np.full(len(tier), len(TIERS) - 1, dtype=np.int64)
    for place, name in enumerate(TIERS):
        found[tier == name] = place
    return found


def shortfall_costs(playbook: Playbook, tier: Places) -> Floats:
    """n × channels: money lost by each owed contact that is missing."""
    costs: Floats = np.array([[playbook.shortfall_cost[name][channel] for channel in CHANNELS] for name in TIERS])
    return costs[tier]


def floors(playbook: Playbook, rep: Places, tier: Places, due: Floats, reps: int) -> Floats:
    """R × tiers × channels: whole contacts that each tier of a rep must get, the playbook's share of the owed."""
    owed = np.zeros((reps, len(TIERS), due.shape[1]))
    np.add.at(owed, (rep, tier), due)
    share = np.array([playbook.cadence_floor[name] for name in TIERS])
    return np.asarray(np.floor(owed * share[None, :, None] + WHOLE), dtype=np.float64)


def exploration(playbook: Playbook, tier: Places, kept_out: NDArray[np.bool_]) -> Floats:
    """ε of each account by its tier; 0 where it is `kept_out` (musts, the holdout)."""
    chance = np.array([playbook.exploration[name] for name in TIERS])[tier]
    return np.where(kept_out, 0.0, chance)


def split_budget(region: Places, budget: Floats, weight: Floats) -> Floats:
    """Each rep's part of its region's budget, by weight (accounts, owed contacts); even where nothing weighs.

    It is split before any coin falls, so that no account's luck reaches another rep.
    """
    regions = len(budget)
    total = np.bincount(region, weights=weight, minlength=regions)
    count = np.bincount(region, minlength=regions)
    even = 1.0 / np.maximum(count, 1)[region]
    share = np.divide(weight, total[region], out=even, where=total[region] > 0)
    return np.asarray(budget[region] * share, dtype=np.float64)
