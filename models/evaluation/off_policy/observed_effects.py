"""Observational effects of actions, from the history of a company without a decision log."""

from dataclasses import dataclass, replace
from datetime import timedelta

import numpy as np

from features.catalog import catalog
from features.cutoffs import default_cutoff
from kqml.calendar.business_time import DAY_US, Instants, local_midnight, moment_of
from kqml.dataset.folder import Dataset
from kqml.errors import Fault, Refused
from kqml.playbook import Playbook
from models.policy.allocation.problem import WAIT
from models.uplift.contrasts import ClusteredMean
from models.uplift.decision_features import decision_features
from models.uplift.decision_rows import build_decision_data
from models.uplift.effect_evidence import EffectEvidence, Overlap
from models.uplift.fitted import Basis
from models.uplift.learner import LEAST_ROWS, EffectModel
from models.uplift.sample import DecisionSample
from models.uplift.unlogged_decisions import unlogged_decisions


@dataclass(frozen=True)
class ObservedEffect:
    """The effect of an action against waiting, on margin over the horizon; None where too few rows are comparable."""

    overlap: Overlap
    effect: ClusteredMean | None


@dataclass(frozen=True)
class ObservedEffects:
    """`rows`: accounts × weeks that were compared. `left_out`: actions with fewer than LEAST_ROWS of them."""

    rows: int
    weeks: int
    basis: Basis
    effects: tuple[ObservedEffect, ...]
    left_out: tuple[str, ...]


def observed_effects(
    dataset: Dataset, playbook: Playbook, horizon_days: int, weeks: int, seed: int = 0
) -> ObservedEffects:
    """Return the effects of the last `weeks` weeks whose horizon has passed. Raises Refused where there is too little
    to compare."""
    mondays = mature_mondays(dataset, horizon_days, weeks)
    log = unlogged_decisions(dataset, playbook, mondays)
    data = build_decision_data(dataset, log, playbook, horizon_days=horizon_days, seed=seed).learnable()
    counts = np.bincount(data.action, minlength=len(data.actions))
    compared = np.flatnonzero(counts >= LEAST_ROWS).tolist()
    _refuse_thin(compared, len(data))
    # Rare actions are left out before fitting: a propensity model cannot learn them, and they would only add noise.
    data = data.where(np.isin(data.action, compared))
    sample = data.sample(decision_features(dataset, data, catalog(playbook))[0])
    learned = EffectModel(seed=seed).fit_sample(_with_actions(sample, compared))
    evidence = learned.evidence
    return ObservedEffects(
        rows=len(data),
        weeks=len(mondays),
        basis=evidence.basis,
        effects=tuple(_observed(evidence, overlap) for overlap in evidence.overlap()),
        left_out=tuple(name for code, name in enumerate(data.actions) if code not in compared),
    )


def mature_mondays(dataset: Dataset, horizon_days: int, weeks: int) -> Instants:
    """Return the local midnights of the last Mondays from which a horizon has passed, at most `weeks`, ascending."""
    log, zone = dataset.event_log(), dataset.info.time_zone
    first, end = int(log.occurred_at.min()) if len(log) else 0, default_cutoff(log, zone)
    day = moment_of(end, zone).date()
    monday = day - timedelta(days=day.weekday())
    mondays = [
        local_midnight(monday - timedelta(weeks=number), zone) for number in range(weeks + horizon_days // 7 + 2)
    ]
    mature = [monday for monday in mondays if monday + horizon_days * DAY_US <= end and monday >= first]
    return np.array(sorted(mature[:weeks]), dtype=np.int64)


def _refuse_thin(compared: list[int], rows: int) -> None:
    if WAIT in compared and len(compared) > 1:
        return
    todo = f"provide at least {LEAST_ROWS} account-weeks with an action and as many without, or raise --weeks"
    raise Refused(
        "The history has too few rows to compare actions.",
        [Fault("actions", f"the history has {rows} account-weeks", todo)],
    )


def _with_actions(sample: DecisionSample, compared: list[int]) -> DecisionSample:
    """Return the sample with only these actions, in their order."""
    action = np.searchsorted(compared, sample.action).astype(np.int64)
    names = tuple(sample.actions[code] for code in compared)
    return replace(sample, action=action, eligible=sample.eligible[:, compared], actions=names)


def _observed(evidence: EffectEvidence, overlap: Overlap) -> ObservedEffect:
    return ObservedEffect(overlap, None if overlap.thin else evidence.effect(overlap.action))
