"""The churn definition and cutoffs of a request, where they differ from the settings."""

from dataclasses import dataclass
from typing import Any

from features.churn_definition import ChurnDefinition
from features.context import Context
from features.cutoffs import cutoff_grid, parse_cutoff
from kqml.calendar.business_time import Instants
from kqml.history.event_log import EventLog
from kqml.settings import ChurnSettings


@dataclass(frozen=True)
class ChurnGrid:
    """A churn definition with the grid of cutoffs at which it is applied."""

    definition: ChurnDefinition
    every_days: int
    start: str | None

    def cutoffs(self, log: EventLog, context: Context, label_lag_days: float) -> Instants:
        """Return the grid on this log (features.cutoffs.cutoff_grid)."""
        start = None if self.start is None else parse_cutoff(self.start, context.time_zone)
        return cutoff_grid(log, context, self.definition, self.every_days, start, label_lag_days=label_lag_days)


@dataclass(frozen=True)
class ChurnRequest:
    """Values given for this run; None leaves a value to the settings."""

    horizon: int | None = None
    gap: int | None = None
    every: int | None = None
    start: str | None = None
    min_orders: int | None = None
    active_within: int | None = None
    personal_k: float | None = None

    def grid(self, defaults: ChurnSettings) -> ChurnGrid:
        """Return the definition and grid, with the settings' values where none is given. Raises BadUse with every
        impossible value."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        chosen: dict[str, Any] = {**defaults.model_dump(), "start": None, **given}
        every, start = chosen.pop("every"), chosen.pop("start")
        return ChurnGrid(ChurnDefinition(**chosen), every, start)
