"""The churn flags that `train`, `backtest`, `label-audit` share."""

from dataclasses import dataclass
from typing import Annotated, Any

import typer

from features.churn_definition import ChurnDefinition
from features.context import Context
from features.cutoffs import cutoff_grid, parse_cutoff
from kqml.calendar.business_time import Instants
from kqml.history.event_log import EventLog
from kqml.settings import ChurnSettings


def _flag(name: str, help_text: str, default: str = "") -> Any:
    """A typer option named after its setting in `[churn]`, whose value stands where the flag is not given."""
    shown = default or f"[churn] {name}, else {getattr(ChurnSettings(), name)}"
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, help=help_text, show_default=shown, rich_help_panel="What churn means")


Horizon = Annotated[int | None, _flag("horizon", "Days without an order that make churn.")]
Gap = Annotated[int | None, _flag("gap", "Days between the cutoff and the window, left to act in.")]
Every = Annotated[int | None, _flag("every", "Days from one cutoff to the next.")]
Start = Annotated[
    str | None,
    _flag(
        "start",
        "First cutoff: a date, or an instant with offset.",
        "a year after the first order, or a quarter of a log shorter than four",
    ),
]
MinOrders = Annotated[int | None, _flag("min_orders", "Orders an account needs before a cutoff.")]
ActiveWithin = Annotated[int | None, _flag("active_within", "Days before the cutoff that hold the last order.")]
PersonalK = Annotated[float | None, _flag("personal_k", "Own cycles of silence that make the personal window.")]


@dataclass(frozen=True)
class ChurnOptions:
    """A churn definition with the grid of cutoffs at which it is asked."""

    definition: ChurnDefinition
    every_days: int
    start: str | None

    def cutoffs(self, log: EventLog, context: Context, label_lag_days: float) -> Instants:
        """The grid on this log (features.cutoffs.cutoff_grid)."""
        start = None if self.start is None else parse_cutoff(self.start, context.time_zone)
        return cutoff_grid(log, context, self.definition, self.every_days, start, label_lag_days=label_lag_days)


@dataclass(frozen=True)
class ChurnFlags:
    """The flags as given (None where not), in the order of the command line."""

    horizon: int | None = None
    gap: int | None = None
    every: int | None = None
    start: str | None = None
    min_orders: int | None = None
    active_within: int | None = None
    personal_k: float | None = None

    def asked(self, defaults: ChurnSettings) -> ChurnOptions:
        """The flags with the settings' values where not given. Raises BadUse with every impossible value."""
        given = {name: value for name, value in vars(self).items() if value is not None}
        chosen: dict[str, Any] = {**defaults.model_dump(), "start": None, **given}
        every, start = chosen.pop("every"), chosen.pop("start")
        return ChurnOptions(ChurnDefinition(**chosen), every, start)
