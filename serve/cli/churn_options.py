"""The options of churn and its evaluation that `train`, `backtest` and `label-audit` share."""

from typing import Annotated, Any

import typer

from kqml.settings import ChurnSettings


def _option(name: str, help_text: str, default: str = "") -> Any:
    """A typer option named after its setting in `[churn]`, which is its default."""
    shown = default or f"[churn] {name}, else {getattr(ChurnSettings(), name)}"
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, help=help_text, show_default=shown, rich_help_panel="Churn definition")


Horizon = Annotated[int | None, _option("horizon", "Days without an order that count as churn.")]
Gap = Annotated[int | None, _option("gap", "Days between the cutoff and the horizon, which leave time to act.")]
Every = Annotated[int | None, _option("every", "Days between cutoffs.")]
Start = Annotated[
    str | None,
    _option(
        "start",
        "First cutoff: a date, or a time with UTC offset.",
        "a year after the first order; a quarter into a history of less than four years",
    ),
]
MinOrders = Annotated[int | None, _option("min_orders", "Minimum number of orders before a cutoff.")]
ActiveWithin = Annotated[int | None, _option("active_within", "Maximum days between the last order and the cutoff.")]
PersonalK = Annotated[float | None, _option("personal_k", "Length of the personal window in own order cycles.")]

TestShare = Annotated[float, typer.Option(help="Share of the latest cutoffs held out as the test set.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]
