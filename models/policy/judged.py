"""What is known of every account before a week: risk, expected margin, effects, reasons."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models.allocation.problem import Flags, Floats
from models.asked import Asked
from models.bands import bands_of
from models.effects.fitted import Basis, FittedEffects
from models.policy.learning import Evidence
from models.reasons import Reason
from models.scoring import Scorer, standing_asked
from models.value.expected import ValueModel, trailing_of

REASONS = 3

Sink = Callable[[NDArray[np.int64], Floats], None]
"""Told the places of accounts with their feature rows, part by part."""


@dataclass(frozen=True)
class Judged:
    """Per account of the log. `probability`, `margin` (if it stays), `at_risk` = their product: NaN where no model
    answers. `raised`: the risk is above the usual. `effect` (n × K) on margin over the horizon, `basis` (n × K); `band`
    None where not eligible."""

    probability: Floats
    margin: Floats
    at_risk: Floats
    raised: Flags
    band: NDArray[np.object_]
    effect: Floats
    basis: NDArray[np.object_]
    reasons: tuple[tuple[Reason, ...], ...]

    def take(self, places: NDArray[np.int64]) -> "Judged":
        """The accounts at these places."""
        arrays = {name: value[places] for name, value in vars(self).items() if name != "reasons"}
        return Judged(**arrays, reasons=tuple(self.reasons[place] for place in places.tolist()))


def unjudged(accounts: int, packages: int) -> Judged:
    """Where there is no model: nothing is known of risk or effects."""
    nothing = np.full(accounts, np.nan)
    basis = np.full((accounts, packages), Basis.UNKNOWN.value, dtype=object)
    return Judged(
        probability=nothing,
        margin=nothing.copy(),
        at_risk=nothing.copy(),
        raised=np.zeros(accounts, dtype=bool),
        band=np.full(accounts, None, dtype=object),
        effect=np.full((accounts, packages), np.nan),
        basis=basis,
        reasons=((),) * accounts,
    )


def judge(  # noqa: PLR0913 - what judges, who is judged, what is told
    scorer: Scorer,
    asked: Asked,
    value: ValueModel,
    evidence: Evidence,
    rate: Floats,
    actions: int,
    language: str,
    sink: Sink = lambda accounts, values: None,
) -> Judged:
    """Every account at the cutoff in one pass over the features, in memory bounded by the part."""
    model = scorer.bundle.model
    standing = standing_asked(asked, model.definition)
    trailing = trailing_of(asked.log, standing.rows, rate, model.definition.horizon)
    found = unjudged(asked.log.account_count, actions)
    reasons = list(found.reasons)
    for part, values in scorer.rows(asked, standing.rows):
        account = standing.rows.account[part].astype(np.int64)
        probability = scorer.probability(values)
        history = type(trailing)(trailing.margin[part], trailing.short[part])
        found.probability[account], found.margin[account] = probability, value.predict(values, history)
        bands = bands_of(probability, standing.already_silent[part], model.base_rate, model.bands)
        found.band[account] = [str(band) for band in bands]
        told = scorer.explainer.explain(values, scorer.contributions(values), language, REASONS)
        for place, one in zip(account.tolist(), told, strict=True):
            reasons[place] = one
        if evidence.effects is not None:
            found.effect[account], found.basis[account] = _effects(evidence.effects, values)
        sink(account, values)
    found.at_risk[:] = found.probability * found.margin
    found.raised[:] = np.isin(found.band, ["raised", "high", "stopped"])
    return Judged(**{**vars(found), "reasons": tuple(reasons)})


def _effects(effects: FittedEffects, values: Floats) -> tuple[Floats, NDArray[np.object_]]:
    """Effects where they are supported, NaN elsewhere, with what they stand on."""
    basis = effects.basis(values)
    told = np.isin(basis, [Basis.RANDOMISED.value, Basis.OBSERVATIONAL.value])
    predicted = np.where(told, effects.predict(values), np.nan)
    predicted[:, 0] = 0.0
    return predicted, basis
