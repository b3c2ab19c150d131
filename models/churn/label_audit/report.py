"""The report of a label audit, as one value and as JSON."""

from dataclasses import dataclass
from typing import Annotated

import numpy as np
import pandas as pd
from annotated_types import Interval
from typing_extensions import TypedDict

from features.churn_definition import ChurnDefinition, windows_of
from features.context import Context
from features.labels import LabelledRows
from kqml.calendar.business_time import Instants, moment_of
from kqml.contract.fields import Count, Moment, PositiveInteger, Probability
from kqml.history.event_log import EventLog
from kqml.history.mass_departures import MassDeparture, find_mass_departures, spans_of
from kqml.messages import text
from models.churn.label_audit.advice import Advice, advice_on
from models.churn.label_audit.inputs import AuditInputs, audit_inputs
from models.churn.label_audit.months import QuietEffect, quiet_effect
from models.churn.label_audit.personal import PersonalWindows, personal_windows
from models.churn.label_audit.quiet_stretches import QuietStretch, undeclared_stretches
from models.churn.label_audit.sufficiency import refuse_too_little
from models.churn.label_audit.tallies import Groups, RowCounts, groups_of, share
from models.churn.label_audit.windows import WindowRate, window_rates


@dataclass(frozen=True)
class CutoffRate:
    """The uncensored rows of one cutoff."""

    cutoff: int
    groups: Groups


@dataclass(frozen=True)
class LabelAudit:
    """What the audit found. `eligible` rows are the labelled ones with the `immature` ones that were left out.
    `churn_rate_with_censored`: the rate if every censored row had churned. `groups`: the uncensored rows."""

    definition: ChurnDefinition
    time_zone: str
    cutoffs: Instants
    matures: Instants
    label_lag_days: float
    eligible: int
    immature: int
    censored: int
    churn_rate_with_censored: float | None
    groups: Groups
    by_cutoff: tuple[CutoffRate, ...]
    windows: tuple[WindowRate, ...]
    personal: PersonalWindows
    quiet: QuietEffect
    stretches: tuple[QuietStretch, ...]
    mass_departures: tuple[MassDeparture, ...]

    @property
    def censored_share(self) -> float | None:
        return share(self.censored, self.eligible - self.immature)

    @property
    def advice(self) -> tuple[Advice, ...]:
        return advice_on(self)


def audit_labels(
    log: EventLog,
    context: Context,
    definition: ChurnDefinition,
    cutoffs: Instants,
    label_lag_days: float = 0.0,
    *,
    groups: pd.DataFrame | None = None,
) -> LabelAudit:
    """Return the audit of a definition at `cutoffs` on a log. `groups`: columns of the accounts of the log, in its
    order, by which they may stop together.

    Raises Refused, with what is missing, on too little data.
    """
    material = audit_inputs(log, context, definition, cutoffs, label_lag_days)
    labels = material.labels()
    refuse_too_little(material, labels)
    departures = find_mass_departures(spans_of(log, context.time_zone), groups)
    return _audit(material, labels, departures)


def _audit(material: AuditInputs, labels: LabelledRows, departures: tuple[MassDeparture, ...]) -> LabelAudit:
    quiet = material.context.quiet
    matures = windows_of(material.cutoffs, material.definition, quiet, material.label_lag_days).matures
    return LabelAudit(
        definition=material.definition,
        time_zone=material.context.time_zone,
        cutoffs=material.cutoffs,
        matures=matures,
        label_lag_days=material.label_lag_days,
        eligible=len(labels) + labels.immature,
        immature=labels.immature,
        censored=int(labels.censored.sum()),
        churn_rate_with_censored=share(int((labels.churned | labels.censored).sum()), len(labels)),
        groups=groups_of(labels),
        by_cutoff=tuple(_rate_at(int(cutoff), labels) for cutoff in np.unique(labels.rows.cutoff)),
        windows=window_rates(material),
        personal=personal_windows(material),
        quiet=quiet_effect(material),
        stretches=undeclared_stretches(material.log, material.context),
        mass_departures=departures,
    )


def _rate_at(cutoff: int, labels: LabelledRows) -> CutoffRate:
    return CutoffRate(cutoff, groups_of(labels.where(labels.rows.cutoff == cutoff)))


class CutoffGrid(TypedDict):
    """The cutoffs of an audit."""

    count: Count
    first: Moment
    last: Moment
    label_lag_days: Annotated[float, Interval(ge=0)]


class RowShares(TypedDict):
    """The rows of an audit, as in LabelAudit."""

    eligible: Count
    immature: Count
    censored: Count
    censored_share: Probability | None
    churn_rate_with_censored: Probability | None


class GroupColumns(TypedDict):
    """The counts of Groups."""

    all: RowCounts
    silent: RowCounts
    ordering: RowCounts


class CutoffColumns(GroupColumns):
    """The counts at one cutoff."""

    cutoff: Moment


class WindowColumns(GroupColumns):
    """The counts of one window; `cutoffs`: how many of them have mature rows."""

    gap: Count
    horizon: PositiveInteger
    cutoffs: Count


class AdviceSentence(TypedDict):
    """An advice with its sentence."""

    code: str
    text: str


class LabelAuditFields(TypedDict):
    """The audit in one language, instants as local ISO times."""

    definition: ChurnDefinition
    cutoffs: CutoffGrid
    rows: RowShares
    groups: Groups
    by_cutoff: list[CutoffColumns]
    windows: list[WindowColumns]
    personal: PersonalWindows
    quiet: QuietEffect
    undeclared_quiet: tuple[QuietStretch, ...]
    mass_departures: tuple[MassDeparture, ...]
    advice: list[AdviceSentence]


def audit_json(audit: LabelAudit, language: str) -> LabelAuditFields:
    """Return the audit with its advice in `language`."""
    return LabelAuditFields(
        definition=audit.definition,
        cutoffs=_grid_json(audit),
        rows=RowShares(
            eligible=audit.eligible,
            immature=audit.immature,
            censored=audit.censored,
            censored_share=audit.censored_share,
            churn_rate_with_censored=audit.churn_rate_with_censored,
        ),
        groups=audit.groups,
        by_cutoff=[
            CutoffColumns(cutoff=moment_of(rate.cutoff, audit.time_zone).isoformat(), **_columns(rate.groups))
            for rate in audit.by_cutoff
        ],
        windows=[
            WindowColumns(gap=rate.gap, horizon=rate.horizon, cutoffs=rate.cutoffs, **_columns(rate.groups))
            for rate in audit.windows
        ],
        personal=audit.personal,
        quiet=audit.quiet,
        undeclared_quiet=audit.stretches,
        mass_departures=audit.mass_departures,
        advice=[AdviceSentence(code=advice.code, text=advice_text(advice, language)) for advice in audit.advice],
    )


def _columns(groups: Groups) -> GroupColumns:
    return GroupColumns(all=groups.all, silent=groups.silent, ordering=groups.ordering)


def advice_text(advice: Advice, language: str) -> str:
    """Return the advice as a sentence."""
    return text(f"audit.advice.{advice.code}", language, **advice.values)


def _grid_json(audit: LabelAudit) -> CutoffGrid:
    first, last = (moment_of(int(audit.cutoffs[index]), audit.time_zone).isoformat() for index in (0, -1))
    return CutoffGrid(count=len(audit.cutoffs), first=first, last=last, label_lag_days=audit.label_lag_days)
