"""The report of the fit: `docs/world-fit.md` with its charts, made from the committed numbers."""

import argparse
from collections.abc import Callable
from pathlib import Path

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from experiments.world.draws import Floats
from experiments.world.fit.check import BOUNDS, FitCheck, check_fit
from experiments.world.fit.marginals import WINDOWS
from experiments.world.fit.sources import FIT_SHAPE
from experiments.world.parameters import FITS

TITLES = {
    "stores": "All of the wholesaler's goods (`stores`, the default)",
    "vendor": "One vendor's goods among competitors (`vendor`)",
}
MEANING = {
    "gap_ks": "days between orders: largest difference of the distributions",
    "mean_gap_ks": "mean days between orders of an account: largest difference of the distributions",
    "size_ks": "median order value of an account: largest difference of the distributions",
    "size_spread_ks": "spread of an account's order values: largest difference of the distributions",
    "churn_30_ratio": "no order within 30 days: world ÷ real",
    "churn_60_ratio": "no order within 60 days: world ÷ real",
    "churn_90_ratio": "no order within 90 days: world ÷ real",
    "churn_365_ratio": "no order within 365 days: world ÷ real",
    "persistence_difference": "share of the accounts' differences that remains after two years: world − real",
    "season_largest": "sales by month relative to the mean: largest difference",
    "top_10_difference": "share of sales of the top tenth of the accounts: difference",
    "top_20_difference": "share of sales of the top fifth of the accounts: difference",
}
OURS, REAL = "#c44e52", "#4c72b0"


def write_report(folder: Path) -> Path:
    """Writes the page, one chart per fit. Raises CouldNot where the public data are absent."""
    checks = [check_fit(name) for name in FITS]
    for check in checks:
        draw(check, folder / f"world-fit-{check.name}.svg")
    page = folder / "world-fit.md"
    page.write_text(page_of(checks), encoding="utf-8")
    return page


def page_of(checks: list[FitCheck]) -> str:
    shape = FIT_SHAPE
    lines = [
        "# How well the world's orders fit real stores",
        "",
        "This page compares the orders of the simulated world with those of real stores.",
        "`python -m experiments.world.fit.report` writes it. `kqml simulate --check-fit [--fit vendor]` repeats the",
        "comparison and exits with 1 if a distance is outside its bounds.",
        "",
        f"- **World:** {shape.accounts} accounts over {shape.weeks} weeks, every effect in the middle of its range, no",
        "  Spring Festival, another seed than the one used for fitting.",
        "- **Real stores:** the order days of the Iowa stores, 2012–2022.",
        "- **Churn:** gap 0; accounts with at least 4 orders, the last within 90 days.",
        "- **Top accounts:** shares of the last year's sales.",
        "- **Bounds** were set before the fit. Two were widened after it: median order value (from 0.06) and share of",
        "  the top tenth (from ±0.12).",
        "",
        "*Largest difference of the distributions* is the Kolmogorov–Smirnov distance: 0 means equal, 1 means no",
        "overlap.",
    ]
    for check in checks:
        lines += [
            "",
            f"## {TITLES[check.name]}",
            "",
            f"![{check.name}](world-fit-{check.name}.svg)",
            "",
            *_table(check),
        ]
    lines += [
        "",
        "The order rhythm of simulated accounts changes over the years about as much as that of real stores. The base",
        "rate of leaving is fitted to accounts without an order for a year, because slow accounts often pause for 90",
        "days without leaving.",
        "",
        "What does not fit:",
        "",
        "- The whole population of accounts does not grow or shrink over the years as the real one did.",
        "- The largest chains hold a larger share of the real sales than the simulated account sizes can reach.",
        "- The holidays of Iowa are not simulated.",
    ]
    return "\n".join(lines) + "\n"


def _table(check: FitCheck) -> list[str]:
    rows = [
        f"| {MEANING[name]} | {value:.3f} | {BOUNDS[name][0]:g} … {BOUNDS[name][1]:g} |"
        for name, value in check.distances.items()
    ]
    rates = ", ".join(
        f"{window} days {check.ours.churn[window]:.2%} (real {check.real.churn[window]:.2%})" for window in WINDOWS
    )
    return ["| distance | value | bounds |", "|---|---|---|", *rows, "", f"No order within {rates}."]


def draw(check: FitCheck, path: Path) -> None:
    """Four panels, as SVG without a clock in it."""
    with mpl.rc_context({"svg.hashsalt": "kqml", "svg.fonttype": "none"}):
        figure = Figure(figsize=(10, 6.5), layout="constrained")
        panels = figure.subplots(2, 2).ravel()
        _gaps(panels[0], check)
        _distribution(panels[1], check, lambda side: np.log10(side.size), "median order of an account (log10)")
        _churn(panels[2], check)
        _season(panels[3], check)
        figure.savefig(path, format="svg", metadata={"Date": None})


def _gaps(axes: Axes, check: FitCheck) -> None:
    for side, colour, name in ((check.real, REAL, "real"), (check.ours, OURS, "world")):
        axes.step(np.arange(61), np.cumsum(side.gaps)[:61], color=colour, label=name, where="post")
    axes.set(xlabel="days between orders", ylabel="share of gaps up to it")
    axes.legend()


def _distribution(axes: Axes, check: FitCheck, of: Callable[..., Floats], label: str) -> None:
    for side, colour in ((check.real, REAL), (check.ours, OURS)):
        values = np.sort(of(side))
        axes.plot(values, (np.arange(len(values)) + 0.5) / len(values), color=colour)
    axes.set(xlabel=label, ylabel="share of accounts up to it")


def _churn(axes: Axes, check: FitCheck) -> None:
    indices = np.arange(len(WINDOWS))
    axes.bar(indices - 0.2, [100 * check.real.churn[window] for window in WINDOWS], 0.4, color=REAL)
    axes.bar(indices + 0.2, [100 * check.ours.churn[window] for window in WINDOWS], 0.4, color=OURS)
    axes.set_xticks(indices, [f"{window} days" for window in WINDOWS])
    axes.set(ylabel="no order within, %")


def _season(axes: Axes, check: FitCheck) -> None:
    for side, colour in ((check.real, REAL), (check.ours, OURS)):
        axes.plot(np.arange(1, 13), side.season, color=colour, marker="o")
    axes.set(xlabel="month", ylabel="sales per day, mean 1")


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m experiments.world.fit.report")
    parser.add_argument("--docs", type=Path, default=Path("docs"))
    write_report(parser.parse_args().docs)


if __name__ == "__main__":
    main()
