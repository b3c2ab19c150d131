"""The inputs of a label audit: the eligible rows of one definition on one log."""

from dataclasses import dataclass

import numpy as np

from features.churn_definition import ChurnDefinition, Windows, windows_of
from features.context import Context
from features.cutoffs import default_cutoff
from features.eligibility import Eligibility, eligibility_of
from features.labels import LabelledRows, label_eligible
from kqml.calendar.business_time import Instants, QuietPeriods
from kqml.history.event_log import EventLog


@dataclass(frozen=True)
class AuditInputs:
    """`eligibility`: the eligible rows at `cutoffs` (ascending). `until`: the instant up to which the log answers."""

    log: EventLog
    context: Context
    definition: ChurnDefinition
    cutoffs: Instants
    label_lag_days: float
    standing: Eligibility
    until: int

    def windows(self, definition: ChurnDefinition, quiet: QuietPeriods) -> Windows:
        """Return the window of each row under another definition or other quiet days."""
        at_cutoffs = windows_of(self.cutoffs, definition, quiet, self.label_lag_days)
        index = np.searchsorted(self.cutoffs, self.standing.rows.cutoff)
        return Windows(at_cutoffs.opens[index], at_cutoffs.closes[index], at_cutoffs.matures[index])

    def labels(self) -> LabelledRows:
        """Return the rows labelled by the definition itself."""
        windows = self.windows(self.definition, self.context.quiet)
        return label_eligible(self.log, self.standing, windows, self.until)


def audit_inputs(
    log: EventLog, context: Context, definition: ChurnDefinition, cutoffs: Instants, label_lag_days: float
) -> AuditInputs:
    """Return the material of an audit. Raises Refused on an empty log."""
    until = default_cutoff(log, context.time_zone)
    cutoffs = np.unique(np.asarray(cutoffs, dtype=np.int64))
    eligibility = eligibility_of(log, context, definition, cutoffs)
    return AuditInputs(log, context, definition, cutoffs, label_lag_days, eligibility, until)
