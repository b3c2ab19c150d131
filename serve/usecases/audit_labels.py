"""Audit a churn definition against a history before anything is learned from it."""

from dataclasses import dataclass
from pathlib import Path

from kqml.dataset.folder import read_dataset
from kqml.settings import ChurnSettings
from models.churn.label_audit import report
from serve.usecases.chart_files import ChartFiles, draw_audit
from serve.usecases.churn_request import ChurnRequest
from serve.usecases.training_inputs import read_histories


@dataclass(frozen=True, kw_only=True)
class LabelAuditRequest:
    """A dataset folder with what churn means; the folder for charts (None: no charts), their format."""

    dataset: Path
    churn: ChurnRequest
    charts: Path | None
    chart_format: str
    language: str


class LabelAuditResult(report.LabelAuditFields):
    """Rates by window and gap, groups, holidays, advice; the charts drawn, None where none were asked for."""

    charts: ChartFiles | None


def audit_labels(request: LabelAuditRequest, defaults: ChurnSettings) -> LabelAuditResult:
    """Audit the labels of a dataset. Raises Refused with what is missing where there is too little to learn from."""
    dataset = read_dataset(request.dataset)
    grid, histories = request.churn.grid(defaults), read_histories(dataset)
    log, context, lag = histories.log, histories.context, histories.label_lag_days
    cutoffs = grid.cutoffs(log, context, lag)
    audit = report.audit_labels(log, context, grid.definition, cutoffs, lag, groups=dataset.accounts())
    charts = None
    if request.charts is not None:
        charts = draw_audit(audit, request.charts, request.chart_format, request.language)
    return LabelAuditResult(**report.audit_json(audit, request.language), charts=charts)
