"""Charts written to files."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from kqml.contract.fields import SchemaKeyword
from models.churn.charts.drawing import write_pictures
from models.churn.charts.evaluation import evaluation_pictures
from models.churn.charts.label_audit import audit_pictures
from models.churn.evaluation import ChurnEvaluation
from models.churn.label_audit.report import LabelAudit


@dataclass(frozen=True)
class ChartFiles:
    """The files written, the language of their words, whether that is not the language asked for (no font)."""

    files: list[str]
    language: Annotated[str, SchemaKeyword("enum", ("zh", "en"))]
    fallback: bool


def draw_evaluation(evaluation: ChurnEvaluation, folder: Path, language: str) -> ChartFiles:
    """Write the charts of an evaluation as SVG files."""
    pictures, lettering = evaluation_pictures(evaluation, language, "svg")
    files = write_pictures(pictures, folder, "svg")
    return ChartFiles([str(path) for path in files], lettering.language, lettering.fallback)


def draw_audit(audit: LabelAudit, folder: Path, file_format: str, language: str) -> ChartFiles:
    """Write the charts of a label audit as files of a format."""
    pictures, lettering = audit_pictures(audit, language, file_format)
    files = write_pictures(pictures, folder, file_format)
    return ChartFiles([str(path) for path in files], lettering.language, lettering.fallback)
