"""The minimum of data for learning churn, and what is missing."""

from collections.abc import Iterator

from features.cutoffs import last_day
from features.labels import LabelledRows
from kqml.calendar.business_time import DAY_US
from kqml.errors import Fault, Refused
from models.churn.label_audit.inputs import AuditInputs
from models.churn.label_audit.tallies import groups_of

FEWEST_CUTOFFS = 3
FEWEST_DEPARTURES = 30
FEWEST_STAYING = 30


def refuse_too_little(material: AuditInputs, labels: LabelledRows) -> None:
    """Raise Refused with everything that is missing, each with what to do."""
    faults = list(_faults(material, labels))
    if faults:
        raise Refused("There is too little data to learn churn.", faults)


def _faults(material: AuditInputs, labels: LabelledRows) -> Iterator[Fault]:
    if len(material.cutoffs) < FEWEST_CUTOFFS:
        yield _few_cutoffs(material)
    if len(material.cutoffs) and not len(labels):
        yield _nobody(material)
    elif len(material.cutoffs):
        yield from _few_answers(labels)


def _few_cutoffs(material: AuditInputs) -> Fault:
    zone, window = material.context.time_zone, material.definition.gap + material.definition.horizon
    days = (last_day(material.log, zone) - int(material.log.occurred_at.min())) // DAY_US + 1
    what = (
        f"{len(material.cutoffs)} cutoffs have mature labels, at least {FEWEST_CUTOFFS} are needed; "
        f"the log spans {days} days, a label takes {window} days"
    )
    return Fault(
        "cutoffs", what, "provide a longer history, shorten --horizon, --gap or --every, or set an earlier --start"
    )


def _nobody(material: AuditInputs) -> Fault:
    definition = material.definition
    what = (
        f"none of the {material.log.account_count} accounts is open with {definition.min_orders} orders "
        f"before a cutoff, the last of them within {definition.active_within} days"
    )
    return Fault("eligibility", what, "lower --min-orders, raise --active-within, or set a later --start")


def _few_answers(labels: LabelledRows) -> Iterator[Fault]:
    counts = groups_of(labels).all
    if counts.departures < FEWEST_DEPARTURES:
        what = f"{counts.departures} distinct departures, at least {FEWEST_DEPARTURES} are needed"
        todo = "provide more accounts or a longer history, with the accounts that stopped, or shorten --horizon"
        yield Fault("departures", what, todo)
    staying = counts.rows - counts.churned
    if staying < FEWEST_STAYING:
        what = f"{staying} rows of accounts that stay, at least {FEWEST_STAYING} are needed"
        yield Fault("rows that stay", what, "raise --horizon, or provide the whole order history")
