"""Estimate the effects of actions from a history in which nothing was randomised."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from kqml.dataset.folder import read_dataset
from kqml.playbook import Playbook
from models.evaluation.off_policy.observed_effects import observed_effects, observed_effects_json


@dataclass(frozen=True, kw_only=True)
class HistoryEvaluationRequest:
    """A dataset folder; the days over which margin counts, the last weeks that are compared."""

    dataset: Path
    playbook: Playbook
    horizon_days: int
    weeks: int
    seed: int


@dataclass(frozen=True, kw_only=True)
class ObservedActionEffect:
    """An action with its rows and their support; `effect` (value, low, high, error) None: too few comparable rows."""

    action: str
    rows: int
    supported_share: float
    effective_rows: float
    effect: Mapping[str, float] | None


@dataclass(frozen=True, kw_only=True)
class HistoryEvaluationResult:
    """The effects of the actions on margin, with their basis, rows and weeks; actions left out for lack of rows."""

    basis: str
    rows: int
    weeks: int
    left_out: list[str]
    actions: list[ObservedActionEffect]
    horizon_days: int
    dataset: str
    playbook: str


def evaluate_history(request: HistoryEvaluationRequest) -> HistoryEvaluationResult:
    """Compare accounts and weeks with an action with like ones without."""
    dataset = read_dataset(request.dataset)
    effects = observed_effects(dataset, request.playbook, request.horizon_days, request.weeks, request.seed)
    fields = observed_effects_json(effects)
    return HistoryEvaluationResult(
        **{**fields, "actions": [ObservedActionEffect(**action) for action in fields["actions"]]},
        horizon_days=request.horizon_days,
        dataset=str(request.dataset),
        playbook=request.playbook.version,
    )
