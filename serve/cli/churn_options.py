"""The options about churn and its evaluation that `train`, `backtest`, `label-audit` share."""

from typing import Annotated, Any

import typer

from kqml.settings import ChurnSettings


def _option(name: str, help_text: str, default: str = "") -> Any:
    """A typer option named after its setting in `[churn]`, whose value stands where the option is not given."""
    shown = default or f"[churn] {name}, else {getattr(ChurnSettings(), name)}"
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, help=help_text, show_default=shown, rich_help_panel="What churn means")


Horizon = Annotated[int | None, _option("horizon", "Days without an order that make churn.")]
Gap = Annotated[int | None, _option("gap", "Days between the cutoff and the window, left to act in.")]
Every = Annotated[int | None, _option("every", "Days from one cutoff to the next.")]
Start = Annotated[
    str | None,
    _option(
        "start",
        "First cutoff: a date, or an instant with offset.",
        "a year after the first order, or a quarter of a log shorter than four",
    ),
]
MinOrders = Annotated[int | None, _option("min_orders", "Orders an account needs before a cutoff.")]
ActiveWithin = Annotated[int | None, _option("active_within", "Days before the cutoff that hold the last order.")]
PersonalK = Annotated[float | None, _option("personal_k", "Own cycles of silence that make the personal window.")]

TestShare = Annotated[float, typer.Option(help="Share of the cutoffs, the latest, that nothing is learned from.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
