"""What chosen actions are worth in total, with an interval that holds however they were chosen.

The largest of several estimates is too large on average (winner's curse: Andrews, Kitagawa & McCloskey 2024,
Quarterly Journal of Economics 139). The choice here may follow from the same log in any way, so the lower end of the
interval is simultaneous: it holds for all totals of effects, the chosen one among them (valid post-selection
inference: Berk, Brown, Buja, Zhang & Zhao 2013, Annals of Statistics 41). Only totals of actions that accounts get,
and none that they lose, are possible; that makes it narrower than Scheffé's. The upper end needs no such correction.

Effects need not grow in proportion to the effect scale: large accounts carry most of the money and most of the noise,
small ones most of the information. So effects are measured in proportion to several powers of the scale. Their average
is weighted by how well each explains the scores (Hoeting, Madigan, Raftery & Volinsky 1999, Statistical Science 14);
the interval holds those of every power that the scores do not refute (profile likelihood).
"""

from dataclasses import dataclass, replace

import numpy as np
from scipy.optimize import nnls
from scipy.stats import chi2, norm
from scipy.stats import t as student

from models.uplift.contrasts import LEVEL
from models.uplift.effect_scale import Measure
from models.uplift.sample import Codes, DecisionSample, Flags, Floats

POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""Of the effect scale: from the same effect everywhere to one in proportion."""

NORMAL = float(norm.ppf((1 + LEVEL) / 2))
DRAWS = 1_000
"""Of errors, for the simultaneous quantile."""

REFUTED = float(chi2.ppf(LEVEL, 1)) / 2
"""A power is refuted whose log likelihood is so far below the best one's."""


@dataclass(frozen=True)
class TotalEffect:
    """A sum of effects with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class PowerCalibration:
    """Effects in proportion to a `power` of the effect scale. `likelihood`: the log likelihood of the scores, up to a
    constant of all powers. `coefficients` (A − 1,): effect of each action but the first over the size of an account.
    `covariance` (A − 1, A − 1): of their errors, clustered by account. `degrees`: effective accounts. `quantile`: of
    the largest standardised error among all totals, instead of 1.96."""

    power: float
    likelihood: float
    coefficients: Floats
    covariance: Floats
    degrees: float
    quantile: float

    def total(self, action: Codes, size: Floats) -> TotalEffect:
        """As `EffectCalibration.total`, with the `size` (m,) that effects are in proportion to. `value` is the middle
        of the interval."""
        given = action > 0
        sizes = np.bincount(action[given] - 1, weights=size[given], minlength=len(self.coefficients))
        estimate, error = float(sizes @ self.coefficients), float(np.sqrt(sizes @ self.covariance @ sizes))
        usual = float(student.ppf((1 + LEVEL) / 2, self.degrees))
        low, high = estimate - self.quantile * usual / NORMAL * error, estimate + usual * error
        return TotalEffect((low + high) / 2, low, high)


@dataclass(frozen=True)
class EffectCalibration:
    """`usual`: the median effect scale, in which sizes are measured."""

    usual: float
    powers: tuple[PowerCalibration, ...]

    @property
    def weights(self) -> Floats:
        """Return the posterior probability of each power under equal priors."""
        likelihoods = np.array([power.likelihood for power in self.powers])
        result = np.exp(likelihoods - likelihoods.max())
        return np.asarray(result / result.sum(), dtype=np.float64)

    def total(self, action: Codes, scale: Floats) -> TotalEffect:
        """Return the total effect of giving each of m accounts its `action`; an action of 0 has no effect. `scale`
        (m,): the account's effect scale."""
        totals = [power.total(action, _size(scale, self.usual, power.power)) for power in self.powers]
        best = max(power.likelihood for power in self.powers)
        plausible = [
            total for total, power in zip(totals, self.powers, strict=True) if power.likelihood >= best - REFUTED
        ]
        return TotalEffect(
            float(self.weights @ [total.value for total in totals]),
            min(total.low for total in plausible),
            max(total.high for total in plausible),
        )

    def shares(self, scale: Floats) -> Floats:
        """Return the share of each of m accounts in the total effect of an action on them."""
        sizes = np.array([_size(scale, self.usual, power.power) for power in self.powers])
        return np.asarray(self.weights @ (sizes / sizes.sum(axis=1, keepdims=True)), dtype=np.float64)


def calibrate_effects(rows: DecisionSample, scores: Floats, measure: Measure, supported: Flags) -> EffectCalibration:
    """Return the average effects at every power. `scores` (n, A): pseudo-outcomes; `supported` (n, A)."""
    usual = float(np.median(measure.effect_scale))
    powers = []
    for power in POWERS:
        sized = replace(measure, effect_scale=_size(measure.effect_scale, usual, power))
        powers.append(_calibrate(power, rows.account, scores, sized, supported))
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


def _calibrate(power: float, account: Codes, scores: Floats, measure: Measure, supported: Flags) -> PowerCalibration:
    """Least squares for each action, rows weighted by the inverse of their squared spread; errors are summed by
    account, the degrees of freedom are the least effective number of accounts, (Σu²)² ∕ Σu⁴."""
    effect, unit = _standardised(scores, measure, supported)
    strength = np.maximum((unit**2).sum(axis=0), 1e-300)
    coefficients = (unit * effect).sum(axis=0) / strength
    influence = unit * (effect - unit * coefficients) / strength
    inverse = np.unique(account, return_inverse=True)[1]
    count = int(inverse.max()) + 1
    summed = np.column_stack([np.bincount(inverse, weights=column, minlength=count) for column in influence.T])
    square, fourth = (summed**2).sum(axis=0), (summed**4).sum(axis=0)
    effective = square[square > 0] ** 2 / fourth[square > 0]
    covariance = np.asarray(summed.T @ summed * (count / max(count - 1, 1)), dtype=np.float64)
    return PowerCalibration(
        power=power,
        likelihood=_likelihood(scores, measure, supported),
        coefficients=coefficients,
        covariance=covariance,
        degrees=max(float(effective.min()) - 1.0, 1.0) if len(effective) else 1.0,
        quantile=_simultaneous_quantile(covariance),
    )


def _simultaneous_quantile(covariance: Floats) -> float:
    """Return the quantile of max (w · e) ∕ sd(w · e) over all weights w ≥ 0, for errors e of this covariance.

    The maximum is the length of the standardised errors' projection on a cone (Silvapulle & Sen 2005, §3.5), found by
    nonnegative least squares. The same covariance gives the same quantile.
    """
    deviation = np.sqrt(np.diag(covariance))
    known = deviation > 0
    if not known.any():
        return NORMAL
    correlation = covariance[np.ix_(known, known)] / np.outer(deviation[known], deviation[known])
    root = np.linalg.cholesky(correlation + 1e-9 * np.eye(len(correlation)))
    draws = np.random.default_rng(0).normal(size=(DRAWS, len(root)))
    rest = np.array([nnls(root.T, draw)[1] for draw in draws])
    longest = np.sqrt(np.maximum((draws**2).sum(axis=1) - rest**2, 0.0))
    return max(float(np.quantile(longest, (1 + LEVEL) / 2)), NORMAL)
