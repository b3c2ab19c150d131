"""The audit's charts: files of the kind asked for, the same bytes each time, English where no font has the signs."""

import pytest
from hand_made import at, made_context, made_log, orders
from matplotlib import font_manager

from features.churn_definition import ChurnDefinition
from kqml.errors import CouldNot
from models.churn.charts.drawing import CJK_FONTS, Lettering, lettering_for, write_pictures
from models.churn.charts.label_audit import CHARTS, audit_pictures
from models.churn.label_audit.report import audit_labels


@pytest.fixture(scope="module")
def audit():
    stays = {f"s{n}": orders(*range(5 + n % 7, 400, 7)) for n in range(40)}
    leaves = {f"l{n}": orders(*range(5 + n % 7, 120 + 5 * n, 7)) for n in range(40)}
    log = made_log({**stays, **leaves})
    asked = ChurnDefinition(horizon=30, gap=0, min_orders=2, active_within=60)
    return audit_labels(log, made_context(log, quiet=[(30, 37)]), asked, at(range(100, 360, 20)))


@pytest.mark.parametrize(("file_format", "begins"), [("svg", b"<?xml"), ("png", b"\x89PNG")])
def test_every_chart_is_a_file_of_its_kind(audit, file_format, begins):
    pictures, lettering = audit_pictures(audit, "en", file_format)
    assert tuple(pictures) == CHARTS
    assert all(content.startswith(begins) for content in pictures.values())
    assert lettering == Lettering("en", "DejaVu Sans", fallback=False)


def test_drawing_twice_gives_the_same_bytes(audit):
    assert audit_pictures(audit, "zh", "svg") == audit_pictures(audit, "zh", "svg")


def test_chinese_is_written_where_a_font_has_it():
    installed = {font.name for font in font_manager.fontManager.ttflist}
    found = lettering_for("zh")
    assert found.fallback is not bool(installed & set(CJK_FONTS))
    assert found.language == ("en" if found.fallback else "zh")


def test_without_such_a_font_the_charts_are_english_and_say_so(monkeypatch):
    monkeypatch.setattr(font_manager.fontManager, "ttflist", [])
    assert lettering_for("zh") == Lettering("en", "DejaVu Sans", fallback=True)


def test_charts_are_written_into_a_folder_made_for_them(tmp_path):
    written = write_pictures({"a": b"1", "b": b"2"}, tmp_path / "new" / "charts", "svg")
    assert [(path.name, path.read_bytes()) for path in written] == [("a.svg", b"1"), ("b.svg", b"2")]


def test_a_folder_that_cannot_be_made_is_said(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CouldNot, match=r"charts could not be written to .*file"):
        write_pictures({"a": b"1"}, tmp_path / "file", "svg")
