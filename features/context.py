"""What a feature needs to know beside the events: since when things are recorded, the calendar, the openings."""

from dataclasses import dataclass

import numpy as np

from kqml.calendar import NO_QUIET_PERIODS, Instants, QuietPeriods

NEVER = np.iinfo(np.int64).max
UNKNOWN = np.iinfo(np.int64).min


@dataclass(frozen=True)
class Context:
    """`recorded_since`: per `EventKind.number` the first instant at which an event of the kind was *known*, NEVER
    where none was; a window that reaches before it is missing, not 0. Being a time of knowledge it cannot leak:
    a kind first known at or after a cutoff is missing there either way.
    `opened_at`: per account of the log the local midnight of `opened_on`, UNKNOWN where absent (then the first
    visible event opens the account).
    """

    recorded_since: Instants
    opened_at: Instants
    time_zone: str = "UTC"
    quiet: QuietPeriods = NO_QUIET_PERIODS

    def between(self, start: int, stop: int) -> "Context":
        """The context of accounts `start:stop` of the log."""
        return Context(self.recorded_since, self.opened_at[start:stop], self.time_zone, self.quiet)
