"""The churn rate of the same rows under other horizons and gaps."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from features.labels import outcome_of
from models.churn.label_audit.inputs import AuditInputs
from models.churn.label_audit.tallies import Groups, LabelCounts, groups

GAPS = (0, 30, 60)
"""Every audit and back-test reports these gaps beside its own (design §6)."""

HORIZONS = (30, 60, 90, 120, 180)


@dataclass(frozen=True)
class WindowRate:
    """The rows whose window of this gap and horizon is mature. `cutoffs`: how many of the cutoffs have such rows."""

    gap: int
    horizon: int
    cutoffs: int
    groups: Groups


def window_rates(material: AuditInputs) -> tuple[WindowRate, ...]:
    """Return the usual gaps and horizons with the definition's own, where at least one cutoff is mature."""
    gaps = sorted({*GAPS, material.definition.gap})
    rates = [rate for gap in gaps for rate in _rates_of_gap(material, gap)]
    return tuple(rate for rate in rates if rate.cutoffs)


def _rates_of_gap(material: AuditInputs, gap: int) -> Iterable[WindowRate]:
    quiet, rows = material.context.quiet, material.standing.rows
    request = replace(material.definition, gap=gap)
    outcome = outcome_of(material.log, rows, material.windows(request, quiet).opens)
    for horizon in sorted({*HORIZONS, request.horizon}):
        windows = material.windows(replace(request, horizon=horizon), quiet)
        mature = windows.matures <= material.until
        answers = LabelCounts(
            rows.account, outcome.next_order >= windows.closes, outcome.silent_since, outcome.next_order
        )
        retained = mature & (outcome.ends_at >= windows.closes)
        counts = groups(answers, retained, material.standing.already_silent)
        yield WindowRate(gap, horizon, len(np.unique(rows.cutoff[mature])), counts)
