"""The evaluation of a churn model on its test block, as back-test and training report it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from kqml.contract.fields import PositiveInteger
from models.churn.backtest import Backtest
from models.churn.backtest_protocol import BacktestProtocol, protocol_json
from models.churn.curves import CalibrationBin
from models.churn.evaluation import CensoredRows, ChurnEvaluation, DepartureShares, MoneyShare
from models.churn.grade import Grading
from models.churn.metric_rows import CalibratedModel, RankedModel, SliceMetrics
from models.churn.test_set_usage import LEDGER, record_usage, usage_of_test_set
from serve.usecases.training_inputs import TrainingInputs


@dataclass(frozen=True)
class UsageCount:
    """How often a test block was used, this time included; the ledger that counts it."""

    times: PositiveInteger
    ledger: str


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """The evaluation of one training procedure. `dataset`: fingerprint; `models`: a row of metrics per model and
    group; `slices`: of ours per tier, region, quarter; the other parts as `models.churn.evaluation` computes them."""

    dataset: str
    protocol: BacktestProtocol
    grade: Grading
    models: list[RankedModel | CalibratedModel]
    slices: list[SliceMetrics]
    departures: DepartureShares
    money: Mapping[str, MoneyShare]
    censored: CensoredRows
    calibration: list[CalibrationBin]
    test_set_usage: UsageCount


def evaluation_fields(
    inputs: TrainingInputs, backtest: Backtest, evaluation: ChurnEvaluation, home: Path, reader: tuple[str, datetime]
) -> dict[str, Any]:
    """Return the fields of an EvaluationResult; the use of the test block is recorded at home (`reader`: by which
    command, when)."""
    definition, zone = inputs.training_set.definition, inputs.histories.context.time_zone
    fingerprint = inputs.dataset.info.fingerprint
    times = record_usage(home, usage_of_test_set(fingerprint, definition, backtest.test, *reader))
    return {
        "dataset": fingerprint,
        "protocol": protocol_json(backtest, definition, zone),
        **evaluation.as_json(),
        "test_set_usage": UsageCount(times, str(home / LEDGER)),
    }
