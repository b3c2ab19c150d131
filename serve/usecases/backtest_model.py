"""Back-test the training procedure: fit on the past of a dataset, score its last cutoffs."""

from dataclasses import dataclass
from pathlib import Path
from typing import cast

import pyarrow as pa
import pyarrow.parquet as pq

from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count
from kqml.dataset.folder import Dataset
from kqml.errors import CouldNot
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.churn.backtest import BacktestPlan, run_backtest
from models.churn.backtest_protocol import predictions_table
from models.churn.evaluation import evaluate
from models.churn.gaps import gap_rows
from models.churn.metric_rows import GapMetrics
from serve.usecases.chart_files import ChartFiles, draw_evaluation
from serve.usecases.churn_evaluation import EvaluationResult, evaluation_fields
from serve.usecases.churn_request import ChurnRequest
from serve.usecases.training_inputs import read_training_inputs


@dataclass(frozen=True, kw_only=True)
class BacktestRequest:
    """A dataset with the churn definition, the split, and the files to write. `refit_every`: test cutoffs between fits,
    None for one fit; `gaps`: further gaps to report."""

    dataset: Dataset
    churn: ChurnRequest
    playbook: Playbook
    test_share: float
    refit_every: int | None
    seed: int
    gaps: tuple[int, ...]
    predictions: Path | None
    charts: Path | None
    language: str


@dataclass(frozen=True)
class WrittenRows:
    """A file with the number of its rows."""

    file: str
    rows: Count


@dataclass(frozen=True, kw_only=True)
class BacktestResult(EvaluationResult):
    """The evaluation with that of the other gaps, the files written."""

    gaps: list[GapMetrics]
    predictions: WrittenRows | None
    charts: ChartFiles | None


def backtest_model(request: BacktestRequest, settings: Settings, now: int) -> BacktestResult:
    """Fit on the past and evaluate the test block against every baseline; the use of the test block is recorded at
    home."""
    inputs = read_training_inputs(request.dataset, request.churn.grid(settings.churn), request.playbook)
    plan = BacktestPlan(request.test_share, request.refit_every, seed=request.seed)
    histories, rows = inputs.histories, inputs.training_set
    backtest = run_backtest(rows, histories.log, histories.context, plan)
    evaluation = evaluate(backtest, rows.definition, histories.context.time_zone, plan.seed)
    fields = evaluation_fields(inputs, backtest, evaluation, settings.home, ("backtest", moment_of(now)))
    gaps = gap_rows(rows, histories, backtest, plan, request.gaps)
    predictions = None
    if request.predictions is not None:
        predictions = _write(predictions_table(backtest, rows.accounts), request.predictions)
    charts = None if request.charts is None else draw_evaluation(evaluation, request.charts, request.language)
    return BacktestResult(**fields, gaps=cast("list[GapMetrics]", gaps), predictions=predictions, charts=charts)


def _write(table: pa.Table, path: Path) -> WrittenRows:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, path)
    except OSError as error:
        raise CouldNot(f"The predictions could not be written to {path}: {error.strerror}.") from error
    return WrittenRows(str(path), len(table))
