"""Estimate the effects of actions from a history in which nothing was randomised."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

from annotated_types import Interval

from kqml.contract.fields import Count, PlaybookVersion, Share
from kqml.dataset.folder import read_dataset
from kqml.playbook import Playbook
from models.evaluation.off_policy.observed_effects import ObservedEffect, observed_effects
from models.uplift.contrasts import MeanColumns, mean_columns


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
    rows: Count
    supported_share: Share
    effective_rows: Annotated[float, Interval(ge=0)]
    effect: MeanColumns | None


@dataclass(frozen=True, kw_only=True)
class HistoryEvaluationResult:
    """The effects of the actions on margin, with their basis, rows and weeks; actions left out for lack of rows."""

    basis: Literal["observational"]
    rows: Count
    weeks: Count
    left_out: list[str]
    actions: list[ObservedActionEffect]
    horizon_days: Count
    dataset: str
    playbook: PlaybookVersion


def evaluate_history(request: HistoryEvaluationRequest) -> HistoryEvaluationResult:
    """Compare accounts and weeks with an action with like ones without."""
    dataset = read_dataset(request.dataset)
    effects = observed_effects(dataset, request.playbook, request.horizon_days, request.weeks, request.seed)
    return HistoryEvaluationResult(
        basis="observational",
        rows=effects.rows,
        weeks=effects.weeks,
        left_out=list(effects.left_out),
        actions=[_action(effect) for effect in effects.effects],
        horizon_days=request.horizon_days,
        dataset=str(request.dataset),
        playbook=request.playbook.version,
    )


def _action(observed: ObservedEffect) -> ObservedActionEffect:
    overlap, effect = observed.overlap, observed.effect
    return ObservedActionEffect(
        action=overlap.action,
        rows=overlap.rows,
        supported_share=overlap.supported,
        effective_rows=overlap.effective,
        effect=None if effect is None else mean_columns(effect),
    )
