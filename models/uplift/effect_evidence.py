"""Evidence for effects: averages by group, calibration by bins, overlap, from pseudo-outcomes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike

from models.uplift.average_effects import AverageEffects
from models.uplift.contrasts import ClusteredMean, clustered_mean
from models.uplift.fitted import Basis
from models.uplift.propensities import Propensities
from models.uplift.sample import Codes, Flags, Floats

THIN_SHARE = 0.5
"""An action supported in fewer of its eligible rows than this is flagged."""


@dataclass(frozen=True)
class GroupEffect:
    """The mean effect of an action on the supported rows of a group: an unweighted mean of pseudo-effects, with an
    interval clustered by account."""

    group: str
    action: str
    basis: Basis
    estimate: ClusteredMean


@dataclass(frozen=True)
class EffectBin:
    """Rows with similar predicted effects: the mean prediction and the mean pseudo-effect."""

    predicted: float
    estimate: ClusteredMean


@dataclass(frozen=True)
class Overlap:
    """Overlap of one action with waiting.

    `supported`: share of the eligible rows. `effective`: effective number of rows with the action, (Σw)² ∕ Σw² (Kish
    1965). `thin`: too little overlap for averages over all accounts.
    """

    action: str
    rows: int
    supported: float
    effective: float
    thin: bool


@dataclass(frozen=True)
class EffectEvidence:
    """Evidence of R rows and A actions.

    `scores` (R, A): pseudo-outcomes (AIPW). `cross_fit`: computes `out_of_fold`. `averages`: of each action but the
    first, as shares of the effect scale.
    """

    actions: tuple[str, ...]
    action: Codes
    account: Codes
    eligible: Flags
    scores: Floats
    propensities: Propensities
    cross_fit: Callable[[], Floats]
    basis: Basis
    averages: AverageEffects

    @cached_property
    def out_of_fold(self) -> Floats:
        """Return shrunken effects (R, A) by models that did not see the row's fold, NaN where not supported.

        Fitted at first use: plans need no such predictions.
        """
        return self.cross_fit()

    @property
    def precision(self) -> float:
        """The standard error of the mean of all actions' average effects, as a share of the effect scale."""
        return float(np.sqrt(self.averages.covariance.mean()))

    def effect(self, action: str, rows: Flags | None = None) -> ClusteredMean:
        """Return the mean effect over the supported rows, or over those of them in `rows`."""
        code = self.actions.index(action)
        mask = self.propensities.supported[:, code]
        return self._mean(code, mask if rows is None else mask & rows)

    def groups(self, labels: ArrayLike, least_rows: int = 500) -> list[GroupEffect]:
        """Return the effect of every action in every group of `labels` (R,) with `least_rows` supported rows."""
        names, inverse = np.unique(np.asarray(labels).astype(str), return_inverse=True)
        return [
            GroupEffect(str(name), action, self.basis, self._mean(code, mask))
            for number, name in enumerate(names)
            for code, action in enumerate(self.actions)
            if code and (mask := (inverse == number) & self.propensities.supported[:, code]).sum() >= least_rows
        ]

    def bins(self, action: str, count: int = 5) -> list[EffectBin]:
        """Return fifths of the rows by out-of-fold prediction; fewer bins where predictions are equal."""
        code = self.actions.index(action)
        return bins_of(self.out_of_fold[:, code], self.scores[:, code] - self.scores[:, 0], self.account, count)

    def overlap(self) -> list[Overlap]:
        """Return the overlap of each action but the first."""
        return [self._overlap(code) for code in range(1, len(self.actions))]

    def _mean(self, code: int, mask: Flags) -> ClusteredMean:
        return clustered_mean(self.scores[mask, code] - self.scores[mask, 0], self.account[mask])

    def _overlap(self, code: int) -> Overlap:
        supported = float(self.propensities.supported[:, code].sum() / max(self.eligible[:, code].sum(), 1))
        treated = self.action == code
        weights = 1.0 / self.propensities.taken[treated]
        effective = float(weights.sum() ** 2 / np.sum(weights**2)) if treated.any() else 0.0
        return Overlap(self.actions[code], int(treated.sum()), supported, effective, supported < THIN_SHARE)


def bins_of(predicted: Floats, effect: Floats, account: Codes, count: int) -> list[EffectBin]:
    """Return bins of about equal size by `predicted`, without NaN."""
    known = np.flatnonzero(np.isfinite(predicted))
    edges = np.unique(np.quantile(predicted[known], np.linspace(0, 1, count + 1)[1:-1])) if len(known) else np.empty(0)
    bin_index = np.searchsorted(edges, predicted[known], side="right")
    return [
        EffectBin(float(predicted[in_bin].mean()), clustered_mean(effect[in_bin], account[in_bin]))
        for in_bin in (known[bin_index == number] for number in range(len(edges) + 1))
        if len(in_bin)
    ]
