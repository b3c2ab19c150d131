"""The doubly robust learner of the effects of several actions against waiting."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from kqml.errors import Fault, Refused
from models.uplift.effect_calibration import calibrate_effects
from models.uplift.effect_evidence import EffectEvidence
from models.uplift.effect_scale import OutcomeKind
from models.uplift.final_stage import average_effects, fit_final_stage, out_of_fold_effects
from models.uplift.fitted import FittedEffects, basis_of
from models.uplift.folds import FOLDS, folds_of
from models.uplift.outcome_regression import regress_actions, regress_common
from models.uplift.propensities import LEAST, ActionSupport, estimate_propensities, known_propensities
from models.uplift.pseudo_outcomes import pseudo_outcomes, winsorised_outcome
from models.uplift.sample import DecisionSample, Flags, decision_sample

LEAST_ROWS = 50
"""The least number of rows of every action."""


@dataclass(frozen=True)
class EffectModel:
    """Settings of the DR-learner (Kennedy 2023, EJS 17(2)) for several actions.

    `least_probability`: rows with a smaller estimated propensity lack overlap. `folds`: of whole accounts, for all
    cross-fitting. `reach`: amounts are winsorised at this many spreads from their expected level
    (`winsorised_outcome`).
    """

    folds: int = FOLDS
    least_probability: float = LEAST
    reach: float = 5.0
    seed: int = 0

    def fit(
        self,
        X: ArrayLike,
        action: ArrayLike,
        outcome: ArrayLike,
        probability: ArrayLike | None = None,
        groups: ArrayLike | None = None,
        eligible: ArrayLike | None = None,
        actions: Sequence[str] | None = None,
    ) -> "LearnedEffects":
        """Fit the effects of each action against the first (`wait`, or the first of `actions`). `groups`: accounts.

        `probability`: propensity of the action taken where it is known by design, else NaN. If any is known, effects
        are learned from those rows only, and the other rows only improve the outcome regression. Raises BadUse where
        the arrays do not match, Refused where an action has too few rows.
        """
        return self.fit_sample(decision_sample(X, action, outcome, probability, groups, eligible, actions))

    def fit_sample(self, sample: DecisionSample) -> "LearnedEffects":
        """Fit the effects of a checked sample."""
        learn = ~np.isnan(sample.probability)
        randomised = bool(learn.any())
        learn = learn if randomised else np.ones(len(sample), dtype=bool)
        _refuse_thin(sample, learn)
        fold = folds_of(sample.account, self.folds, self.seed)
        common = regress_common(sample, fold, self.seed)
        kind = common.scale.kind
        if kind is not OutcomeKind.BINARY:
            sample = replace(sample, outcome=winsorised_outcome(sample.outcome, common.measure, self.reach))
        expected = regress_actions(sample, common, fold, learn, self.seed, trees=not randomised)[learn]
        rows, fold, measure = sample.where(learn), fold[learn], common.measure.where(learn)
        if randomised:
            propensities, support = known_propensities(rows), ActionSupport()
        else:
            propensities, support = estimate_propensities(rows, fold, self.least_probability, self.seed)
        scores = pseudo_outcomes(rows, expected, propensities.taken)
        stage = fit_final_stage(rows, scores, measure, propensities.supported, fold, kind)
        calibration = calibrate_effects(rows, scores, measure, propensities.supported)
        return LearnedEffects(
            FittedEffects(rows.actions, stage, common.scale, support, calibration),
            EffectEvidence(
                actions=rows.actions,
                action=rows.action,
                account=rows.account,
                eligible=rows.eligible,
                scores=scores,
                propensities=propensities,
                cross_fit=partial(out_of_fold_effects, rows, scores, measure, propensities.supported, fold, kind),
                basis=basis_of(support),
                averages=average_effects(rows, scores, measure, propensities.supported),
            ),
        )


@dataclass(frozen=True)
class LearnedEffects:
    """The result of a fit: `fitted` predicts, `evidence` holds the pseudo-outcomes of the rows."""

    fitted: FittedEffects
    evidence: EffectEvidence


def _refuse_thin(sample: DecisionSample, learn: Flags) -> None:
    counts = np.bincount(sample.action[learn], minlength=len(sample.actions))
    faults = [
        Fault(f"action {name}", f"{count} rows", f"provide at least {LEAST_ROWS} rows, or remove the action")
        for name, count in zip(sample.actions, counts.tolist(), strict=True)
        if count < LEAST_ROWS
    ]
    if len(sample.actions) < 2:
        faults.append(
            Fault("action", f"the rows hold only {', '.join(sample.actions)}", "provide rows with at least two actions")
        )
    if faults:
        raise Refused("There are too few rows to estimate effects.", faults)
