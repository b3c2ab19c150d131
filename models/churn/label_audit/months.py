"""The effect of holidays: the churn rate by month, with and without the declared quiet days."""

from dataclasses import dataclass, replace
from typing import Annotated

import numpy as np
from annotated_types import Interval
from numpy.typing import NDArray

from features.labels import label_eligible
from kqml.calendar.business_time import NO_QUIET_PERIODS, Instants, local_days
from kqml.contract.fields import Count, Probability
from models.churn.label_audit.inputs import AuditInputs
from models.churn.label_audit.tallies import share


@dataclass(frozen=True)
class MonthRate:
    """Uncensored rows whose cutoff lies in this local month (1–12) of any year. `without_quiet`: the churn rate of the
    same rows if no quiet days were declared."""

    month: Annotated[int, Interval(ge=1, le=12)]
    rows: Count
    churn_rate: Probability | None
    without_quiet: Probability | None


@dataclass(frozen=True)
class QuietEffect:
    """What the `periods` declared quiet periods change: the labels of `changed` of `rows` rows."""

    periods: Count
    rows: Count
    changed: Count
    months: tuple[MonthRate, ...]


def quiet_effect(material: AuditInputs) -> QuietEffect:
    """Return the rates on rows that are mature and uncensored both ways."""
    quiet = material.context.quiet
    ways = [material.windows(material.definition, days) for days in (quiet, NO_QUIET_PERIODS)]
    matures = np.maximum(ways[0].matures, ways[1].matures)
    first, second = (
        label_eligible(material.log, material.standing, replace(way, matures=matures), material.until) for way in ways
    )
    retained = ~first.censored & ~second.censored
    months = months_of(first.rows.cutoff[retained], material.context.time_zone)
    churned = np.stack([first.churned[retained], second.churned[retained]])
    changed = int((churned[0] != churned[1]).sum())
    return QuietEffect(len(quiet.starts), len(months), changed, tuple(_month(m, months, churned) for m in range(1, 13)))


def months_of(instants: Instants, time_zone: str) -> Instants:
    """Return the local month, 1–12, of each instant."""
    days = local_days(instants, time_zone).astype("datetime64[D]")
    return days.astype("datetime64[M]").astype(np.int64) % 12 + 1


def _month(month: int, months: Instants, churned: NDArray[np.bool_]) -> MonthRate:
    in_month = months == month
    rows = int(in_month.sum())
    return MonthRate(
        month, rows, share(int(churned[0, in_month].sum()), rows), share(int(churned[1, in_month].sum()), rows)
    )
