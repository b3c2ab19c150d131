"""What the effects that actions were chosen by come true to, measured on accounts they were not learned from.

Whoever picks the largest of several estimates picks their luck as well (winner's curse: Andrews, Kitagawa & McCloskey
2024, Quarterly Journal of Economics 139). Here the effects that choose an account's action are learned from the other
folds, and what actions are worth is measured in the account's own fold: given the other folds the choice is fixed, so
the measure has no such bias (cross-fitted evaluation of a learned rule: Imai & Li 2023, JASA 118).

Effects need not grow in proportion to the effect scale: large accounts carry most of the money and most of the noise,
small ones tell most of what is known. So effects are measured in proportion to several powers of the scale. Their
average is weighted by how well each explains the scores (Hoeting, Madigan, Raftery & Volinsky 1999, Statistical
Science 14); the interval holds those of every power that the scores do not refute (profile likelihood).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.stats import chi2
from scipy.stats import t as student

from models.uplift.contrasts import LEVEL
from models.uplift.effect_scale import Measure
from models.uplift.sample import Codes, DecisionSample, Flags, Floats

POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the effect scale: from the same effect everywhere to one in proportion."""

REFUTED = float(chi2.ppf(LEVEL, 1)) / 2
"""A power is refuted whose log likelihood is so far below the best one's."""


@dataclass(frozen=True)
class FoldCalibration:
    """`coefficients` (A,): effect of each action but the first over the size of an account. `covariance` (A, A): of
    their errors, clustered by account. `degrees`: effective accounts."""

    coefficients: Floats
    covariance: Floats
    degrees: float


@dataclass(frozen=True)
class TotalEffect:
    """A sum of effects with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PowerCalibration:
    """Effects in proportion to a `power` of the effect scale. `likelihood`: the log likelihood of the scores, up to a
    constant of all powers. `folds`: one calibration a fold, from the fold's own rows."""

    power: float
    likelihood: float
    folds: tuple[FoldCalibration, ...]

    def total(self, fold: Codes, action: Codes, size: Floats) -> TotalEffect:
        """As `EffectCalibration.total`, with the `size` (m,) that effects are in proportion to. Degrees of freedom of
        the sum over folds by Welch and Satterthwaite."""
        value, variance, spread = 0.0, 0.0, 0.0
        for part, calibration in enumerate(self.folds):
            mine = (fold == part) & (action > 0)
            sizes = np.bincount(action[mine] - 1, weights=size[mine], minlength=len(calibration.coefficients))
            own = float(sizes @ calibration.covariance @ sizes)
            value += float(sizes @ calibration.coefficients)
            variance += own
            spread += own**2 / calibration.degrees
        degrees = max(variance**2 / spread, 1.0) if spread > 0 else 1.0
        reach = float(student.ppf((1 + LEVEL) / 2, degrees) * np.sqrt(variance))
        return TotalEffect(value, value - reach, value + reach)


@dataclass(frozen=True)
class EffectCalibration:
    """`usual`: the median effect scale, in which sizes are measured."""

    usual: float
    powers: tuple[PowerCalibration, ...]

    @property
    def weights(self) -> Floats:
        """How probable each power is, equally likely before the scores were seen."""
        likelihoods = np.array([one.likelihood for one in self.powers])
        result = np.exp(likelihoods - likelihoods.max())
        return np.asarray(result / result.sum(), dtype=np.float64)

    def total(self, fold: Codes, action: Codes, scale: Floats) -> TotalEffect:
        """Return the total effect of giving each of m accounts its `action`; an action of 0 has no effect. `scale`
        (m,): the account's effect scale."""
        totals = [one.total(fold, action, _size(scale, self.usual, one.power)) for one in self.powers]
        best = max(one.likelihood for one in self.powers)
        plausible = [total for total, one in zip(totals, self.powers, strict=True) if one.likelihood >= best - REFUTED]
        return TotalEffect(
            float(self.weights @ [one.value for one in totals]),
            min(one.low for one in plausible),
            max(one.high for one in plausible),
        )

    def shares(self, scale: Floats) -> Floats:
        """Return the share of each of m accounts in the total effect of an action on them."""
        sizes = np.array([_size(scale, self.usual, one.power) for one in self.powers])
        return np.asarray(self.weights @ (sizes / sizes.sum(axis=1, keepdims=True)), dtype=np.float64)


def calibrate_effects(
    rows: DecisionSample, scores: Floats, measure: Measure, supported: Flags, fold: Codes
) -> EffectCalibration:
    """`scores` (n, A): pseudo-outcomes; `supported` (n, A); `fold` (n,)."""
    usual = float(np.median(measure.effect_scale))
    folds = [fold == part for part in range(int(fold.max()) + 1)]
    powers = []
    for power in POWERS:
        sized = replace(measure, effect_scale=_size(measure.effect_scale, usual, power))
        parts = (_calibrate(rows.account[mine], scores[mine], sized.where(mine), supported[mine]) for mine in folds)
        powers.append(PowerCalibration(power, _likelihood(scores, sized, supported), tuple(parts)))
    return EffectCalibration(usual, tuple(powers))


def _size(scale: Floats, usual: float, power: float) -> Floats:
    return np.asarray(usual * (scale / usual) ** power, dtype=np.float64)


def _standardised(scores: Floats, measure: Measure, supported: Flags) -> tuple[Floats, Floats]:
    """(n, A − 1) pseudo-effects and sizes, both over the row's spread; 0 where not supported."""
    known, spread = supported[:, 1:], measure.spread[:, None]
    effect = np.where(known, (scores[:, 1:] - scores[:, :1]) / spread, 0.0)
    return effect, np.where(known, measure.effect_scale[:, None] / spread, 0.0)


def _likelihood(scores: Floats, measure: Measure, supported: Flags) -> float:
    """Return the log likelihood of normal scores under the best effects in proportion to the measure's scale.

    All effects of a row are contrasts with the same action and share its noise, so the coefficients of the actions
    count with their joint covariance: as independent ones they would refute the right power in more logs than stated.
    """
    effect, unit = _standardised(scores, measure, supported)
    strength = np.maximum((unit**2).sum(axis=0), 1e-300)
    coefficients = (unit * effect).sum(axis=0) / strength
    known = supported[:, 1:].astype(np.float64)
    noise = effect.T @ effect / np.maximum(known.T @ known, 1.0)
    covariance = noise * (unit.T @ unit) / np.outer(strength, strength)
    return float(0.5 * coefficients @ np.linalg.pinv(covariance, hermitian=True) @ coefficients)


def _calibrate(account: Codes, scores: Floats, measure: Measure, supported: Flags) -> FoldCalibration:
    """Least squares for each action, rows weighted by the inverse of their squared spread; errors are summed by
    account, the degrees of freedom are the least effective number of accounts, (Σu²)² ∕ Σu⁴."""
    effect, unit = _standardised(scores, measure, supported)
    strength = np.maximum((unit**2).sum(axis=0), 1e-300)
    coefficients = (unit * effect).sum(axis=0) / strength
    influence = unit * (effect - unit * coefficients) / strength
    place = np.unique(account, return_inverse=True)[1]
    count = int(place.max()) + 1
    summed = np.column_stack([np.bincount(place, weights=column, minlength=count) for column in influence.T])
    square, fourth = (summed**2).sum(axis=0), (summed**4).sum(axis=0)
    effective = square[square > 0] ** 2 / fourth[square > 0]
    covariance = summed.T @ summed * (count / max(count - 1, 1))
    degrees = max(float(effective.min()) - 1.0, 1.0) if len(effective) else 1.0
    return FoldCalibration(coefficients, np.asarray(covariance, dtype=np.float64), degrees)
