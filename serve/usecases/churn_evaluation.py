"""The evaluation of a churn model on its test block, as back-test and training report it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from models.churn.backtest import Backtest
from models.churn.backtest_protocol import protocol_json
from models.churn.evaluation import ChurnEvaluation
from models.churn.test_set_usage import LEDGER, record_usage, usage_of_test_set
from serve.usecases.training_inputs import TrainingInputs


@dataclass(frozen=True)
class UsageCount:
    """How often a test block was used, this time included; the ledger that counts it."""

    times: int
    ledger: str


@dataclass(frozen=True, kw_only=True)
class EvaluationResult:
    """The evaluation of one training procedure. `dataset`: fingerprint; `models`: a row of metrics per model and
    group; `slices`: of ours per tier, region, quarter; the other parts as `models.churn.evaluation` computes them."""

    dataset: str
    protocol: Mapping[str, Any]
    grade: Mapping[str, Any]
    models: list[Mapping[str, Any]]
    slices: list[Mapping[str, Any]]
    departures: Mapping[str, Any]
    money: Mapping[str, Mapping[str, float]]
    censored: Mapping[str, Any]
    calibration: list[Mapping[str, Any]]
    test_set_usage: UsageCount


def evaluation_fields(
    inputs: TrainingInputs, backtest: Backtest, evaluation: ChurnEvaluation, home: Path, reader: tuple[str, datetime]
) -> dict[str, Any]:
    """Return the fields of an EvaluationResult; the usage of the test block is recorded at home (reader: by which
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
