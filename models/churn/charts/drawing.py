"""Drawing of charts: no display, a font with the signs of the language, reproducible bytes."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from kqml.errors import CouldNot

CJK_FONTS = (
    "Noto Sans CJK SC",
    "Noto Sans CJK JP",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "WenQuanYi Zen Hei",
    "WenQuanYi Micro Hei",
    "Microsoft YaHei",
    "SimHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Droid Sans Fallback",
)

FORMATS = ("svg", "png")


@dataclass(frozen=True)
class Lettering:
    """The language that charts can be written in and the font for it; `fallback`: another one was asked for."""

    language: str
    font: str
    fallback: bool


def lettering_for(language: str) -> Lettering:
    """Chinese where an installed font has its signs, else English."""
    if language == "en":
        return Lettering("en", "DejaVu Sans", fallback=False)
    installed = {font.name for font in font_manager.fontManager.ttflist}
    result = next((name for name in CJK_FONTS if name in installed), None)
    return Lettering("zh", result, fallback=False) if result else Lettering("en", "DejaVu Sans", fallback=True)


@contextmanager
def drawing(lettering: Lettering) -> Iterator[None]:
    """While it lasts, figures are made in this lettering."""
    family = [lettering.font, "DejaVu Sans"]
    with mpl.rc_context({"font.family": family, "axes.unicode_minus": False, "svg.hashsalt": "kqml"}):
        yield


def new_figure(width: float = 8.0, height: float = 4.5) -> Figure:
    """Return an empty figure in inches, held by nobody else."""
    figure = Figure(figsize=(width, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def picture(figure: Figure, file_format: str) -> bytes:
    """Return the figure as the bytes of an SVG or PNG file, free of dates."""
    buffer = BytesIO()
    metadata = {"Date": None} if file_format == "svg" else {"Software": None}
    figure.savefig(buffer, format=file_format, dpi=120, metadata=metadata)
    return buffer.getvalue()


def write_pictures(pictures: Mapping[str, bytes], folder: Path, file_format: str) -> tuple[Path, ...]:
    """Write `folder/name.format` for each picture, making the folder. Raises CouldNot where the disk refuses."""
    written = tuple(folder / f"{name}.{file_format}" for name in pictures)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, content in zip(written, pictures.values(), strict=True):
            path.write_bytes(content)
    except OSError as error:
        raise CouldNot(f"The charts could not be written to {folder}: {error.strerror}.") from error
    return written
