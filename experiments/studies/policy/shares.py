"""Gains of policies over the playbook, as shares of the observable oracle's gain."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from scipy.stats import t as student

from experiments.studies.policy.rollout import ORACLE, SIMPLE, RolloutResult
from experiments.world.draws import Floats

PLAYBOOK = SIMPLE[0]


def gains_of(outcomes: Sequence[RolloutResult], seats: int) -> dict[str, Floats]:
    """Return each policy's gain over the playbook for blocks of accounts that share a rep's hours, over all worlds.

    `seats`: accounts of a block.
    """
    names = [name for name in outcomes[0].nets if all(name in outcome.nets for outcome in outcomes)]
    return {
        name: np.concatenate([_by_seat(outcome.nets[name] - outcome.nets[PLAYBOOK], seats) for outcome in outcomes])
        for name in names
    }


def _by_seat(gain: Floats, accounts: int) -> Floats:
    return np.asarray(
        [seat_gains.sum() for seat_gains in np.array_split(gain, max(len(gain) // accounts, 2))], dtype=np.float64
    )


def share_of_oracle(gain: Floats, oracle: Floats) -> dict[str, float]:
    """Return the gain and its share of the oracle's, with the interval of a ratio clustered by rep (t distribution)."""
    ratio = float(gain.sum() / oracle.sum())
    reach = float(student.ppf(0.975, len(gain) - 1)) * np.sqrt(len(gain))
    error = float(np.std(gain - ratio * oracle, ddof=1) / abs(oracle.sum()))
    return {
        "gain": float(gain.sum()),
        "gain_half_width": float(reach * np.std(gain, ddof=1)),
        "share_of_oracle": ratio,
        "low": ratio - reach * error,
        "high": ratio + reach * error,
    }


def share_rows(gains: Mapping[str, Floats], learner: str) -> dict[str, Any]:
    """Return a learner's share, the share of the best simple policy (`best_simple`), and the lead over it.

    `falls_behind`: significantly below the best simple policy.
    """
    result = {name: share_of_oracle(gains[name], gains[ORACLE]) for name in (*SIMPLE, learner)}
    best = max(SIMPLE, key=lambda name: result[name]["share_of_oracle"])
    lead = share_of_oracle(gains[learner] - gains[best], gains[ORACLE])
    return {
        **result[learner],
        "best_simple": result[best]["share_of_oracle"],
        "best_simple_policy": best,
        "lead": {"value": lead["share_of_oracle"], "low": lead["low"], "high": lead["high"]},
        "falls_behind": lead["high"] < 0,
    }


def curve(outcomes: Sequence[RolloutResult], gains: Mapping[str, Floats]) -> dict[str, dict[str, Any]]:
    """Return our learner's share by number of randomised rows (mean over worlds, at the last training)."""
    names = [name for name in outcomes[0].rows if all(name in outcome.rows for outcome in outcomes)]
    size = {name: round(float(np.mean([outcome.rows[name] for outcome in outcomes]))) for name in names}
    return {str(size[name]): share_rows(gains, name) for name in sorted(names, key=lambda name: size[name])}
