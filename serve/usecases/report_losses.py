"""Report the customers lost in a period, and the losses expected next."""

from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from features.churn_definition import ChurnDefinition
from features.cutoffs import default_cutoff, parse_cutoff
from kqml.calendar.business_time import instant_of, moment_of
from kqml.contract.fields import Count, Moment, Probability, SchemaKeyword
from kqml.dataset.folder import Dataset
from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook
from kqml.settings import Settings
from models.value.loss.arithmetic import ExpectedLoss, Loss
from models.value.loss.loss_file import write_losses
from models.value.loss.lost import LossPeriod
from models.value.loss.report import WAYS, LossReport, report_loss
from serve.usecases.churn_request import ChurnRequest
from serve.usecases.model_registry import ModelReference, find_model

YEAR_DAYS = 365


@dataclass(frozen=True, kw_only=True)
class LossRequest:
    """A dataset, the period (None: the year up to the last record), the ways to group (none: all of WAYS).
    `model`: version or alias, None for the champion; `reason_playbook`: by which reasons are worded, None for that
    of the model's training."""

    dataset: Dataset
    start: str | None
    end: str | None
    by: tuple[str, ...]
    model: str | None
    playbook: Playbook
    reason_playbook: Playbook | None
    out: Path | None


@dataclass(frozen=True)
class PeriodDays:
    """The first instant of a period and the one after it."""

    start: Moment
    end: Moment


@dataclass(frozen=True)
class LossDefinition:
    """The churn definition by which customers count as lost, in days and orders."""

    horizon: Count
    gap: Count
    min_orders: Count
    active_within: Count


@dataclass(frozen=True, kw_only=True)
class GroupLoss:
    """The losses of a group; fields as in `models.value.loss.arithmetic.Loss`."""

    customers: Count
    lost: Count
    returned: Count
    revenue: float | None
    margin: float | None
    revenue_returned: float | None
    margin_returned: float | None
    share: Probability | None


@dataclass(frozen=True, kw_only=True)
class TotalLoss(GroupLoss):
    """The losses of all customers, with those that closed or were transferred in the period."""

    closed: Count
    transferred: Count


@dataclass(frozen=True)
class LossGroupResult:
    """A group (`by` tier, region, rep or reason; `name` None: unknown) with its losses, past and expected."""

    by: Annotated[str, SchemaKeyword("enum", WAYS)]
    name: str | None
    lost: GroupLoss | None
    expected: ExpectedLoss | None


@dataclass(frozen=True)
class WrittenLosses:
    """The file written with a row per account."""

    out: str
    rows: Count


@dataclass(frozen=True, kw_only=True)
class LossResult:
    """Losses of a period in `currency` per year; `model` None: no model, hence nothing expected and no reasons."""

    dataset: str
    period: PeriodDays
    currency: str
    definition: LossDefinition
    model: ModelReference | None
    lost: TotalLoss
    expected: ExpectedLoss | None
    groups: list[LossGroupResult]
    segments_without_margin_rate: list[str]
    written: WrittenLosses | None


def report_losses(request: LossRequest, settings: Settings) -> LossResult:
    """Count the lost customers with their yearly money; with a model also what is expected, and the reasons.

    Raises BadUse where the period is empty or goes beyond the data, or a way of grouping is unknown.
    """
    ways = _ways(request.by)
    dataset = request.dataset
    model = find_model(settings, request.model, request.reason_playbook)
    scorer = None if model is None else model.scorer
    definition: ChurnDefinition = ChurnRequest().grid(settings.churn).definition
    if scorer is not None:
        definition = scorer.bundle.model.definition
    period = find_period(dataset, request.start, request.end)
    report = report_loss(dataset, period, definition, request.playbook.margin_rate, scorer)
    written = None
    if request.out is not None:
        written = WrittenLosses(str(request.out), write_losses(request.out, report, dataset.event_log().accounts))
    return _result(report, dataset, None if model is None else model.reference, ways, written)


def find_period(dataset: Dataset, start: str | None, end: str | None) -> LossPeriod:
    """Return the period named. Raises BadUse where it is empty or goes beyond the data."""
    zone = dataset.info.time_zone
    latest = default_cutoff(dataset.event_log(), zone)
    ends = latest if end is None else parse_cutoff(end, zone)
    year_before = instant_of(moment_of(ends, zone) - timedelta(days=YEAR_DAYS))
    starts = year_before if start is None else parse_cutoff(start, zone)
    faults = []
    if ends > latest:
        last = moment_of(latest, zone).date().isoformat()
        faults.append(Fault("--to", f"{end} is after the data, which end before {last}", f"give {last} or earlier"))
    if starts >= ends:
        faults.append(Fault("--from", f"{start} is not before the end", "give an earlier date"))
    if faults:
        raise BadUse("There is no such period.", faults)
    return LossPeriod(starts, ends)


def _ways(by: tuple[str, ...]) -> tuple[str, ...]:
    unknown = [way for way in by if way not in WAYS]
    if unknown:
        faults = [Fault("--by", f"{way!r} is not known", f"use {', '.join(WAYS)}") for way in unknown]
        raise BadUse("The losses cannot be grouped so.", faults)
    return tuple(way for way in WAYS if not by or way in by)


def _result(
    report: LossReport,
    dataset: Dataset,
    model: ModelReference | None,
    ways: tuple[str, ...],
    written: WrittenLosses | None,
) -> LossResult:
    zone, definition, customers = dataset.info.time_zone, report.definition, report.customers
    start, end = (moment_of(instant, zone).isoformat() for instant in (report.period.start, report.period.end))
    counts = {"closed": int(customers.closed.sum()), "transferred": int(customers.transferred.sum())}
    return LossResult(
        dataset=dataset.info.fingerprint,
        period=PeriodDays(start, end),
        currency=dataset.info.currency,
        definition=LossDefinition(definition.horizon, definition.gap, definition.min_orders, definition.active_within),
        model=model,
        lost=TotalLoss(**asdict(report.lost), share=report.lost.share, **counts),
        expected=report.expected,
        groups=[
            LossGroupResult(way, group.name, _lost(group.lost), group.expected)
            for way in ways
            for group in report.by(way)
        ],
        segments_without_margin_rate=list(report.unrated),
        written=written,
    )


def _lost(loss: Loss | None) -> GroupLoss | None:
    return None if loss is None else GroupLoss(**asdict(loss), share=loss.share)
