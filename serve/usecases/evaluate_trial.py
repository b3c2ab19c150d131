"""Evaluate a randomised trial: each arm for everybody, the best arm for each row."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kqml.contract.fields import Count
from models.evaluation.trials import report
from models.evaluation.trials.report import (
    BinColumns,
    ColumnWarning,
    IntervalColumns,
    PersonalisedColumns,
    RatioColumns,
)
from models.evaluation.trials.sample_ratio import parse_shares
from models.evaluation.trials.trial_file import TrialColumns, read_trial
from models.evaluation.trials.verdict import TrialVerdict


@dataclass(frozen=True, kw_only=True)
class TrialRequest:
    """A file with a row for each randomised person or shop; names of its columns. `probability`: of the row's own
    arm, None for the arms' shares; `exclude`: columns that may not describe a row; `unit`: of what was randomised,
    None where every row was; `shares`: of the arms in the design, such as `none=1,visit=1` or `equal`."""

    file: Path
    treatment: str
    control: str
    outcome: str
    probability: str | None
    exclude: tuple[str, ...]
    unit: str | None
    shares: str
    seed: int
    language: str


@dataclass(frozen=True, kw_only=True)
class TrialResult:
    """The values of the arms, the gain of choosing by row, the verdict with its reason."""

    rows: Count
    units: Count
    sample_ratio: RatioColumns
    arms: Mapping[str, Count]
    control: str
    static: Mapping[str, IntervalColumns]
    personalised: PersonalisedColumns
    gains: Mapping[str, IntervalColumns]
    personalised_gain: IntervalColumns
    best: str
    beyond_best: IntervalColumns
    qini: Mapping[str, IntervalColumns]
    auuc: Mapping[str, IntervalColumns]
    bins: Mapping[str, list[BinColumns]]
    verdict: TrialVerdict
    reason: str
    warnings: list[ColumnWarning]
    columns: list[str]
    left_out: list[str]


def evaluate_trial(request: TrialRequest) -> TrialResult:
    """Evaluate every row by a model fitted on other rows."""
    columns = TrialColumns(
        treatment=request.treatment,
        control=request.control,
        outcome=request.outcome,
        probability=request.probability,
        exclude=request.exclude,
        unit=request.unit,
        shares=parse_shares(request.shares),
    )
    answer = report.evaluate_trial(read_trial(request.file, columns), request.seed)
    return TrialResult(**report.trial_report_json(answer, request.language))
