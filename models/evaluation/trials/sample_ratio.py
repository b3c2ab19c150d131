"""Sample ratio of a trial: whether the arms have as many units as the design says."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.stats import chisquare, norm

from kqml.errors import BadUse, Fault
from models.evaluation.trials.trial_file import Trial
from models.evaluation.trials.units import randomised_rows
from models.uplift.sample import Codes, Floats

MISMATCH = 0.001
"""p below which the arms do not have their shares (Fabijan et al. 2019, KDD: .0005 to .001 are usual)."""

EQUAL = "equal"

RatioBasis = Literal["shares", "probability", "equal"]


@dataclass(frozen=True)
class SampleRatio:
    """`units`, `expected`: per arm. `basis`: what the expectation comes from; `equal`: nothing is stated, so that
    unequal arms may be the design."""

    basis: RatioBasis
    units: tuple[int, ...]
    expected: tuple[float, ...]
    p_value: float

    @property
    def differs(self) -> bool:
        return self.p_value < MISMATCH

    @property
    def mismatch(self) -> bool:
        """Whether the arms contradict what is stated about them."""
        return self.differs and self.basis != EQUAL

    @property
    def worst(self) -> int:
        """The arm that is furthest from its expectation."""
        return int(np.argmax(np.abs(np.subtract(self.units, self.expected))))


def parse_shares(stated: str) -> Mapping[str, float] | None:
    """Return the weight of each arm in `none=1,visit=1`; empty for `equal`, None for nothing.

    Raises BadUse where the text is neither.
    """
    if not stated.strip():
        return None
    if stated.strip() == EQUAL:
        return {}
    pairs = [part.rpartition("=") for part in stated.split(",")]
    faults = [
        Fault("--shares", f"{''.join(pair)!r} is not a share", "write arm=share with a share above 0, or equal")
        for pair in pairs
        if not pair[0].strip() or not _is_share(pair[2])
    ]
    if faults:
        raise BadUse("The shares of the arms cannot be read.", faults)
    return {name.strip(): float(share.strip().removesuffix("%")) for name, _, share in pairs}


def _is_share(text: str) -> bool:
    try:
        return 0 < float(text.strip().removesuffix("%")) < float("inf")
    except ValueError:
        return False


def compare_sample_ratio(trial: Trial) -> SampleRatio:
    """Compare the number of units per arm with the stated shares, else the stated probabilities, else equal shares."""
    rows = randomised_rows(trial.unit, trial.arm)
    arm, probability = trial.arm[rows], trial.probability[rows]
    units = np.bincount(arm, minlength=len(trial.arms))
    if trial.shares is None and np.isfinite(probability).all():
        expected = len(rows) / _mean_inverse(arm, probability, units)
        by_arm = expected / len(rows)
        constant = bool(np.allclose(by_arm[arm], probability, rtol=1e-6)) and abs(by_arm.sum() - 1.0) < 1e-6
        p_value = float(chisquare(units, expected).pvalue) if constant else _weighted_p(arm, probability, units)
        return _ratio("probability", units, expected, p_value)
    weights = np.array(trial.shares or (1.0,) * len(trial.arms))
    expected = len(rows) * weights / weights.sum()
    return _ratio("shares" if trial.shares else "equal", units, expected, float(chisquare(units, expected).pvalue))


def _ratio(basis: RatioBasis, units: Codes, expected: Floats, p_value: float) -> SampleRatio:
    return SampleRatio(basis, tuple(units.tolist()), tuple(expected.tolist()), p_value)


def _mean_inverse(arm: Codes, probability: Floats, units: Codes) -> Floats:
    return np.asarray(np.bincount(arm, weights=1.0 / probability, minlength=len(units)) / units, dtype=np.float64)


def _weighted_p(arm: Codes, probability: Floats, units: Codes) -> float:
    """Return p where probabilities differ from row to row: the inverse ones of an arm's rows add up to all rows, with
    the variance of Horvitz & Thompson (1952)."""
    total = np.bincount(arm, weights=1.0 / probability, minlength=len(units))
    variance = np.bincount(arm, weights=(1.0 - probability) / probability**2, minlength=len(units))
    z = np.abs(total - len(arm)) / np.sqrt(np.maximum(variance, 1e-12))
    return float(min(1.0, len(units) * 2.0 * norm.sf(z.max())))
