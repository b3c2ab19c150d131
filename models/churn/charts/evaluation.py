"""The charts of a back-test: calibration by quarter, calibration by bins, churn caught."""

from collections.abc import Callable, Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from kqml.messages import text
from models.churn.charts.drawing import Lettering, drawing, lettering_for, new_figure, picture
from models.churn.comparison import MetricRow
from models.churn.curves import CalibrationBin, CaughtCurve
from models.churn.evaluation import ChurnEvaluation

Words = Callable[..., str]

CHARTS = ("calibration_by_quarter", "calibration", "churn_caught")


def evaluation_pictures(
    evaluation: ChurnEvaluation, language: str, file_format: str
) -> tuple[dict[str, bytes], Lettering]:
    """Return each chart's name with the bytes of its file; the lettering says which language it came to be."""
    lettering = lettering_for(language)

    def words(key: str, **values: object) -> str:
        return text(f"evaluation.{key}", lettering.language, **values)

    quarters = [row for row in evaluation.slices if row["slice"] == "quarter"]
    with drawing(lettering):
        figures = (_quarters(quarters, words), _calibration(evaluation.bins, words), _caught(evaluation.curves, words))
        return {name: picture(figure, file_format) for name, figure in zip(CHARTS, figures, strict=True)}, lettering


def _quarters(rows: Sequence[MetricRow], words: Words) -> Figure:
    figure = new_figure()
    figure.suptitle(words("chart.quarters_title"))
    axes = figure.subplots()
    for index, row in enumerate(rows):
        ratio = row["expected_over_observed"]
        axes.errorbar(index, ratio, [[ratio - row["eo_low"]], [row["eo_high"] - ratio]], fmt="o", color="C0", capsize=3)
    axes.axhline(1.0, color="0.5", linestyle="--", linewidth=1)
    axes.set_xticks(range(len(rows)), [row["value"] for row in rows], rotation=45)
    axes.set_ylabel(words("chart.quarters_axis"))
    axes.set_ylim(bottom=0)
    return figure


def _calibration(bins: Sequence[CalibrationBin], words: Words) -> Figure:
    figure = new_figure(5.5, 5.0)
    figure.suptitle(words("chart.calibration_title"))
    axes = figure.subplots()
    for bin_ in bins:
        below, above = max(bin_.observed - bin_.low, 0.0), max(bin_.high - bin_.observed, 0.0)
        axes.errorbar(bin_.predicted, bin_.observed, [[below], [above]], fmt="o", color="C0", capsize=3)
    axes.plot([0, 1], [0, 1], color="0.5", linestyle="--", linewidth=1, label=words("chart.perfect"))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.set_xlabel(words("chart.predicted"))
    axes.set_ylabel(words("chart.observed"))
    axes.legend()
    return figure


def _caught(curves: Mapping[str, CaughtCurve], words: Words) -> Figure:
    figure = new_figure(6.5, 4.5)
    figure.suptitle(words("chart.caught_title"))
    axes = figure.subplots()
    for name, curve in curves.items():
        axes.plot(curve.looked_at, curve.caught, label=words(f"model.{name}"))
    axes.axvline(0.1, color="0.5", linestyle="--", linewidth=1)
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1.0, decimals=None))
    axes.set_xlabel(words("chart.reviewed"))
    axes.set_ylabel(words("chart.caught"))
    if curves:
        axes.legend(loc="lower right")
    return figure
