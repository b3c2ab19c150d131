"""The charts of a label audit: rates by cutoff, by window, by month, the length of personal windows."""

import itertools
from collections.abc import Callable, Sequence
from datetime import datetime

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kqml.calendar.business_time import moment_of
from kqml.messages import text
from models.churn.charts.drawing import Lettering, drawing, lettering_for, new_figure, picture
from models.churn.label_audit.personal import EDGES
from models.churn.label_audit.report import LabelAudit
from models.churn.label_audit.windows import WindowRate

Words = Callable[..., str]

CHARTS = ("cutoffs", "windows", "months", "personal")


def audit_pictures(audit: LabelAudit, language: str, file_format: str) -> tuple[dict[str, bytes], Lettering]:
    """Return each chart's name with the bytes of its file; the lettering says which language it came to be."""
    lettering = lettering_for(language)

    def words(key: str, **values: object) -> str:
        return text(f"audit.chart.{key}", lettering.language, **values)

    with drawing(lettering):
        figures = (_cutoffs(audit, words), _windows(audit, words), _months(audit, words), _personal(audit, words))
        return {name: picture(figure, file_format) for name, figure in zip(CHARTS, figures, strict=True)}, lettering


def _cutoffs(audit: LabelAudit, words: Words) -> Figure:
    figure = new_figure(8.0, 7.0)
    figure.suptitle(words("cutoffs_title"))
    dates = [_naive(rate.cutoff, audit.time_zone) for rate in audit.by_cutoff]
    for axes, group in zip(figure.subplots(3, 1, sharex=True), ("all", "silent", "ordering"), strict=True):
        rates = [_number(getattr(rate.groups, group).churn_rate) for rate in audit.by_cutoff]
        axes.plot(dates, rates, marker=".", linewidth=1)
        axes.set_title(words(group), fontsize="medium", loc="left")
        _percent(axes, words("rate"))
    axes.set_xlabel(words("cutoff"))
    return figure


def _windows(audit: LabelAudit, words: Words) -> Figure:
    figure = new_figure(9.0, 4.5)
    figure.suptitle(words("windows_title"))
    left, right = figure.subplots(1, 2)
    for gap in sorted({rate.gap for rate in audit.windows}):
        rates = [rate for rate in audit.windows if rate.gap == gap]
        horizons = [rate.horizon for rate in rates]
        left.plot(horizons, _rates(rates, "churn_rate"), marker="o", label=words("gap", days=gap))
        right.plot(horizons, _rates(rates, "returned_share"), marker="o")
    for axes, label in ((left, "rate"), (right, "returned")):
        axes.set_xlabel(words("horizon"))
        _percent(axes, words(label))
    left.legend()
    return figure


def _months(audit: LabelAudit, words: Words) -> Figure:
    figure = new_figure()
    figure.suptitle(words("months_title"))
    axes = figure.subplots()
    months = audit.quiet.months
    indices = [month.month for month in months]
    if audit.quiet.periods:
        without_quiet = [_number(month.without_quiet) for month in months]
        axes.bar(
            [index + 0.2 for index in indices], without_quiet, width=0.4, label=words("without_quiet"), color="0.75"
        )
    width, shift, label = (0.4, 0.2, words("with_quiet")) if audit.quiet.periods else (0.8, 0.0, None)
    rates = [_number(month.churn_rate) for month in months]
    axes.bar([index - shift for index in indices], rates, width=width, label=label)
    axes.set_xticks(indices)
    axes.set_xlabel(words("month"))
    _percent(axes, words("rate"))
    if audit.quiet.periods:
        axes.legend()
    return figure


def _personal(audit: LabelAudit, words: Words) -> Figure:
    figure = new_figure()
    figure.suptitle(words("personal_title", k=audit.personal.k))
    axes = figure.subplots()
    bins = [f"{low}–{high}" for low, high in itertools.pairwise(EDGES)] + [f"{EDGES[-1]}+"]
    axes.bar(bins, audit.personal.histogram)
    horizon = audit.definition.horizon
    index = sum(edge <= horizon for edge in EDGES) - 1
    inside = (horizon - EDGES[index]) / (EDGES[index + 1] - EDGES[index]) if index + 1 < len(EDGES) else 0.5
    axes.axvline(index - 0.5 + inside, color="C3", linestyle="--", label=words("fixed"))
    axes.set_xlabel(words("days"))
    axes.set_ylabel(words("rows"))
    axes.legend()
    return figure


def _rates(rates: Sequence[WindowRate], name: str) -> list[float]:
    return [_number(getattr(rate.groups.all, name)) for rate in rates]


def _percent(axes: Axes, label: str) -> None:
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.set_ylim(bottom=0)
    axes.set_ylabel(label)


def _number(rate: float | None) -> float:
    return float("nan") if rate is None else rate


def _naive(instant: int, time_zone: str) -> datetime:
    """Local wall time, as an axis of dates wants it."""
    return moment_of(instant, time_zone).replace(tzinfo=None)
