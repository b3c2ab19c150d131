"""Assessment of accounts before a week: risk, expected margin, effects, reasons."""

from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.churn.bands import assign_bands
from models.churn.reasons.reasons import Reason
from models.churn.scoring import Scorer, request_eligibility
from models.churn.scoring_request import ScoringRequest
from models.policy.allocation.problem import Flags, Floats
from models.policy.planning.learned_state import LearnedState
from models.uplift.fitted import Basis, FittedEffects
from models.value.expected import Trailing, ValueModel, trailing_of

REASONS = 3

Sink = Callable[[NDArray[np.int64], Floats], None]
"""Called with the indices of accounts with their feature rows, part by part."""


@dataclass(frozen=True)
class OrderHistory:
    """The order history of accounts, as far as an assessment needs it.

    `trailing`: margin over a horizon at the rate of the last year. `short`: the history is too short for the value
    model. `silent`: without an order for longer than the own cycle.
    """

    trailing: Floats
    short: Flags
    silent: Flags

    def take(self, indices: Any) -> "OrderHistory":
        return OrderHistory(self.trailing[indices], self.short[indices], self.silent[indices])


@dataclass(frozen=True)
class AccountAssessment:
    """The assessment of each account of the log.

    `probability`, `margin` (if it stays), `at_risk` = their product: NaN without a model. `raised`: the risk is above
    the base rate. `effect` (n × K): on margin over the horizon; `basis` (n × K). `scale` (n): effect scale, 0 without
    learned effects. `band`: None where not eligible. `history.trailing`: NaN where not assessed.
    """

    probability: Floats
    margin: Floats
    at_risk: Floats
    raised: Flags
    band: NDArray[np.object_]
    effect: Floats
    basis: NDArray[np.object_]
    scale: Floats
    history: OrderHistory
    reasons: tuple[tuple[Reason, ...], ...]

    def take(self, indices: NDArray[np.int64]) -> "AccountAssessment":
        """The accounts at these indices."""
        arrays = {name: value[indices] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        reasons = tuple(self.reasons[index] for index in indices.tolist())
        return AccountAssessment(**arrays, history=self.history.take(indices), reasons=reasons)

    def without(self, mask: Flags) -> "AccountAssessment":
        """Return the assessment with the accounts of `mask` unassessed."""
        if not mask.any():
            return self
        nothing = unassessed(len(mask), self.effect.shape[1])
        arrays = {
            name: np.where(mask if value.ndim == 1 else mask[:, None], getattr(nothing, name), value)
            for name, value in vars(self).items()
            if isinstance(value, np.ndarray)
        }
        reasons = tuple(() if hidden else result for hidden, result in zip(mask.tolist(), self.reasons, strict=True))
        return AccountAssessment(**arrays, history=self.history, reasons=reasons)


def unassessed(accounts: int, packages: int) -> AccountAssessment:
    """Return the assessment without a model: risk and effects are unknown."""
    nothing = np.full(accounts, np.nan)
    basis = np.full((accounts, packages), Basis.UNKNOWN.value, dtype=object)
    no = np.zeros(accounts, dtype=bool)
    return AccountAssessment(
        probability=nothing,
        margin=nothing.copy(),
        at_risk=nothing.copy(),
        raised=no,
        band=np.full(accounts, None, dtype=object),
        effect=np.full((accounts, packages), np.nan),
        basis=basis,
        scale=np.zeros(accounts),
        history=OrderHistory(nothing.copy(), no.copy(), no.copy()),
        reasons=((),) * accounts,
    )


def assess_accounts(
    scorer: Scorer,
    request: ScoringRequest,
    learned: LearnedState,
    rate: Floats,
    actions: int,
    sink: Sink = lambda accounts, values: None,
) -> AccountAssessment:
    """Assess every account at the cutoff in one pass over the features; memory is bounded by the chunk."""
    definition = scorer.bundle.model.definition
    eligibility = request_eligibility(request, definition)
    trailing = trailing_of(request.log, eligibility.rows, rate, definition.horizon)
    silent = np.asarray(eligibility.already_silent, dtype=bool)
    history = OrderHistory(trailing.margin, trailing.short, silent)
    result = unassessed(request.log.account_count, actions)
    reasons = list(result.reasons)
    for rows, values in scorer.rows(request, eligibility.rows):
        account = eligibility.rows.account[rows].astype(np.int64)
        details = assess_rows(scorer, values, history.take(rows), learned, actions)
        _put(result, account, details)
        for index, account_reasons in zip(account.tolist(), details.reasons, strict=True):
            reasons[index] = account_reasons
        sink(account, values)
    return AccountAssessment(**{**vars(result), "reasons": tuple(reasons)})


def assess_rows(
    scorer: Scorer, values: Floats, history: OrderHistory, learned: LearnedState, actions: int
) -> AccountAssessment:
    """Assess the model's rows (R, F). A row alone has the same bits as in a batch."""
    model = scorer.bundle.model
    result = unassessed(len(values), actions)
    probability = scorer.probability(values)
    bands = assign_bands(probability, history.silent, model.base_rate, model.bands)
    margin = (learned.value or ValueModel(None, 0)).predict(values, Trailing(history.trailing, history.short))
    if learned.evidence.effects is not None:
        result = replace(result, **_effects(learned.evidence.effects, values))
    return replace(
        result,
        probability=probability,
        margin=margin,
        at_risk=probability * margin,
        raised=np.isin(bands, ["raised", "high", "stopped"]),
        band=np.array([str(band) for band in bands], dtype=object),
        history=history,
        reasons=tuple(scorer.explainer.explain(values, scorer.contributions(values), REASONS)),
    )


def _put(result: AccountAssessment, account: NDArray[np.int64], details: AccountAssessment) -> None:
    """Write the rows of a chunk into the arrays of all accounts."""
    for name, value in vars(details).items():
        if isinstance(value, np.ndarray):
            getattr(result, name)[account] = value
    for field in fields(OrderHistory):
        getattr(result.history, field.name)[account] = getattr(details.history, field.name)


def _effects(effects: FittedEffects, values: Floats) -> dict[str, Any]:
    """Return the effects with their basis, NaN where they are not supported."""
    basis = effects.basis(values)
    supported = np.isin(basis, [Basis.RANDOMISED.value, Basis.OBSERVATIONAL.value])
    predicted, scale = effects.predict(values), effects.scale.at(values).effect_scale
    effect = np.where(supported, predicted, np.nan)
    effect[:, 0] = 0.0
    return {"effect": effect, "basis": basis, "scale": scale}
