"""The notice about charts whose language no installed font can write."""

from typing import TYPE_CHECKING

from kqml.messages import text

if TYPE_CHECKING:
    from serve.usecases.chart_files import ChartFiles


def font_notices(charts: "ChartFiles | None", language: str) -> list[str]:
    """Return how to get a font, where the charts had to change their language."""
    return [text("commands.charts.no_font", language)] if charts is not None and charts.fallback else []
