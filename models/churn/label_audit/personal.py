"""Personal windows: silence measured in the account's own cycles, compared with the fixed window."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.context import NEVER
from features.labels import outcome_of
from kqml.calendar.business_time import DAY_US
from kqml.contract.fields import Count, Probability
from models.churn.label_audit.inputs import AuditInputs
from models.churn.label_audit.tallies import share

EDGES = (0, 7, 14, 30, 60, 90, 120, 180, 270, 365)
"""Edges in days of the histogram of personal windows; the last bin is open."""

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class PersonalWindows:
    """Rows with an own cycle whose personal and fixed windows are both mature, uncensored in either.

    A personal window opens like the fixed one and lasts k own cycles. `both`, `only_personal`, `only_fixed`: rows
    churned by them. `median_days`, `p90_days`: lengths of personal windows. `longer`: the share of them that lasts
    beyond the horizon: accounts whose usual rhythm the fixed window takes for churn. `histogram`: counts by its edges.
    """

    k: float
    rows: Count
    churned: Count
    churn_rate: Probability | None
    both: Count
    only_personal: Count
    only_fixed: Count
    median_days: float | None
    p90_days: float | None
    longer: Probability | None
    histogram: tuple[Count, ...]
    histogram_edges_days: tuple[Count, ...] = EDGES


def personal_windows(material: AuditInputs) -> PersonalWindows:
    """How the definition's personal window agrees with its fixed one."""
    days = material.definition.personal_k * material.standing.own_cycle
    personal, fixed, retained = _answers(material, days)
    personal, fixed, days = personal[retained], fixed[retained], days[retained]
    churned = int(personal.sum())
    return PersonalWindows(
        k=material.definition.personal_k,
        rows=len(days),
        churned=churned,
        churn_rate=share(churned, len(days)),
        both=int((personal & fixed).sum()),
        only_personal=int((personal & ~fixed).sum()),
        only_fixed=int((fixed & ~personal).sum()),
        median_days=float(np.median(days)) if len(days) else None,
        p90_days=float(np.percentile(days, 90)) if len(days) else None,
        longer=share(int((days > material.definition.horizon).sum()), len(days)),
        histogram=tuple(np.histogram(days, [*EDGES, np.inf])[0].tolist()),
    )


def _answers(material: AuditInputs, days: NDArray[np.float64]) -> tuple[Mask, Mask, Mask]:
    """Return per row: churned by the personal window, by the fixed one, whether both can be judged."""
    quiet, rows = material.context.quiet, material.standing.rows
    windows = material.windows(material.definition, quiet)
    outcome = outcome_of(material.log, rows, windows.opens)
    closes = quiet.active(windows.opens) + days * DAY_US
    known_until = quiet.active(np.array([material.until]))[0] - material.label_lag_days * DAY_US
    silent = np.where(outcome.next_order == NEVER, np.inf, quiet.active(outcome.next_order))
    ends = np.where(outcome.ends_at == NEVER, np.inf, quiet.active(outcome.ends_at))
    assessment = (days > 0) & (closes <= known_until) & (ends >= closes)
    retained = assessment & (windows.matures <= material.until) & (outcome.ends_at >= windows.closes)
    return silent >= closes, outcome.next_order >= windows.closes, retained
