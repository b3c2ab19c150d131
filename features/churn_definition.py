"""The churn definition: eligibility at a cutoff, and the label window."""

from dataclasses import dataclass

import numpy as np

from kqml.calendar.business_time import DAY_US, Instants, QuietPeriods
from kqml.contract.fields import Count, PositiveInteger
from kqml.errors import BadUse, Fault


@dataclass(frozen=True)
class ChurnDefinition:
    """An account eligible at a cutoff has churned when it places no order in `[cutoff + gap, cutoff + gap + horizon)`.

    Days are active days (quiet days do not count). Eligible: at least `min_orders` known orders before the
    cutoff, the last of them within `active_within` days, not closed, suspended or transferred as known then.
    `personal_k`: the audit's personal window, silence for more than k of the account's own cycles.
    """

    horizon: PositiveInteger = 90
    gap: Count = 28
    min_orders: PositiveInteger = 4
    active_within: PositiveInteger = 90
    personal_k: float = 2.7

    def __post_init__(self) -> None:
        faults = [
            Fault(f"churn.{name}", f"{value} is below {low}", f"give {low} or more")
            for name, value, low in (
                ("horizon", self.horizon, 1),
                ("gap", self.gap, 0),
                ("min_orders", self.min_orders, 1),
                ("active_within", self.active_within, 1),
            )
            if value < low
        ]
        if not 0 < self.personal_k < np.inf:
            faults.append(Fault("churn.personal_k", f"{self.personal_k} is not positive", "give a number above 0"))
        if faults:
            raise BadUse("The churn definition is not valid.", faults)


@dataclass(frozen=True)
class Windows:
    """Per cutoff the half-open window `[opens, closes)` that answers, and when the answer is known for good."""

    opens: Instants
    closes: Instants
    matures: Instants


def windows_of(
    cutoffs: Instants, definition: ChurnDefinition, quiet: QuietPeriods, label_lag_days: float = 0.0
) -> Windows:
    """Return the windows of these cutoffs. An answer matures the label lag (plain days) after its window closes."""
    opens = quiet.after(cutoffs, definition.gap)
    closes = quiet.after(cutoffs, definition.gap + definition.horizon)
    return Windows(opens, closes, closes + round(label_lag_days * DAY_US))
