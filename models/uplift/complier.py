"""Complier average causal effect (CACE): the effect of an action where it is done because it was assigned."""

from dataclasses import dataclass

import numpy as np

from kqml.errors import Fault, Refused
from models.uplift.contrasts import ClusteredMean, clustered_mean
from models.uplift.sample import Codes, Flags, Floats

LEAST_T = 3.3
"""Least t of the first stage: below (F under about 10; Staiger & Stock 1997) the ratio is unreliable."""


@dataclass(frozen=True)
class ComplierEffect:
    """Effects of assigning and of doing an action.

    `assigned`: effect of assigning the action (ITT). `uptake`: increase in the share of accounts with which it is done.
    `complier`: their ratio (CACE), with an interval by the delta method on the ratio's scores.
    """

    action: str
    assigned: ClusteredMean
    uptake: ClusteredMean
    complier: ClusteredMean


def complier_effect(
    action: str, effect_scores: Floats, uptake_scores: Floats, account: Codes, rows: Flags | None = None
) -> ComplierEffect:
    """Return the local average treatment effect (Imbens & Angrist 1994, Econometrica 62).

    The ratio of the effects of assignment on the outcome and on execution. Valid where assignment acts through
    execution alone (exclusion), never deters from it (monotonicity), and displaces other actions of little weight.
    Raises Refused where assignment hardly changes execution.
    """
    mask = np.ones(len(account), dtype=bool) if rows is None else rows
    y, d, who = effect_scores[mask], uptake_scores[mask], account[mask]
    assigned, uptake = clustered_mean(y, who), clustered_mean(d, who)
    if not uptake.value > LEAST_T * uptake.error:
        message = f"raises the share that does {action} by {uptake.value:.3f} ± {1.96 * uptake.error:.3f}"
        raise Refused(
            "Assignment has too little effect on execution.",
            [Fault(f"action {action}", f"assigning it {message}", "report the effect of assignment (ITT) only")],
        )
    ratio = assigned.value / uptake.value
    scores = clustered_mean((y - ratio * d) / uptake.value, who)
    return ComplierEffect(action, assigned, uptake, ClusteredMean(ratio, scores.error, scores.degrees, assigned.rows))


def uptake_scores(executed: Codes, action: Codes, probability: Floats, code: int, share: float) -> Floats:
    """Return pseudo-effects (n) of assigning `code`, against the first action, on doing it.

    Inverse-probability scores around the usual `share` that does it. Unknown execution (−1) counts as not done.
    """
    done = (executed == code).astype(np.float64)
    rest = done - share
    sign = np.where(action == code, 1.0, np.where(action == 0, -1.0, 0.0))
    return np.asarray(sign * rest / probability, dtype=np.float64)
