"""The options of churn and its evaluation that `train`, `backtest` and `label-audit` share."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from kqml.settings import ChurnSettings

if TYPE_CHECKING:
    from serve.usecases.churn_request import ChurnRequest


def _option(name: str, help_text: str, default: str = "") -> Any:
    """A typer option named after its setting in `[churn]`, which is its default."""
    shown = default or f"[churn] {name}, else {getattr(ChurnSettings(), name)}"
    flag = f"--{name.replace('_', '-')}"
    return typer.Option(flag, help=help_text, show_default=shown, rich_help_panel="Churn definition")


TestShare = Annotated[float, typer.Option(help="Share of the latest cutoffs held out as the test set.")]
Seed = Annotated[int, typer.Option(help="Random seed.")]


@dataclass(frozen=True)
class ChurnOptions:
    """The options of the churn definition and its cutoffs, named as in ChurnRequest."""

    horizon: Annotated[int | None, _option("horizon", "Days without an order that count as churn.")] = None
    gap: Annotated[int | None, _option("gap", "Days between the cutoff and the horizon, which leave time to act.")] = (
        None
    )
    every: Annotated[int | None, _option("every", "Days between cutoffs.")] = None
    start: Annotated[
        str | None,
        _option(
            "start",
            "First cutoff: a date, or a time with UTC offset.",
            "a year after the first order; a quarter into a history of less than four years",
        ),
    ] = None
    min_orders: Annotated[int | None, _option("min_orders", "Minimum number of orders before a cutoff.")] = None
    active_within: Annotated[
        int | None, _option("active_within", "Maximum days between the last order and the cutoff.")
    ] = None
    personal_k: Annotated[float | None, _option("personal_k", "Length of the personal window in own order cycles.")] = (
        None
    )

    def request(self) -> "ChurnRequest":
        """Return the values as the use cases take them."""
        from serve.usecases.churn_request import ChurnRequest

        return ChurnRequest(**vars(self))
