"""Tell webhooks of duties that are overdue."""

from dataclasses import dataclass
from datetime import timedelta

from features.cutoffs import parse_cutoff
from kqml.calendar.business_time import moment_of
from kqml.calendar.workdays import workdays
from kqml.contract.fields import Count, Moment
from kqml.dataset.folder import Dataset
from kqml.duties import list_duties, read_duty_inputs, week
from kqml.duties.overrides import DutyOverride
from kqml.duties.period import week_name
from kqml.playbook import Playbook
from serve.database.engine import Database
from serve.webhooks.outbox import enqueue
from serve.webhooks.overdue import overdue_messages


@dataclass(frozen=True)
class NotifyOverdueRequest:
    """A dataset with the duty overrides of its database, the rules, the cutoff (None: now)."""

    dataset: Dataset
    playbook: Playbook
    overrides: tuple[DutyOverride, ...]
    cutoff: str | None


@dataclass(frozen=True)
class NotifyOverdueResult:
    """How many duties are overdue, how many messages about them were new, at which cutoff."""

    overdue: Count
    enqueued: Count
    cutoff: Moment


def notify_overdue(database: Database, request: NotifyOverdueRequest, now: int) -> NotifyOverdueResult:
    """Enqueue a message for each overdue duty of the cutoff's week that webhooks were not told of before."""
    dataset, rules = request.dataset, request.playbook
    zone = dataset.info.time_zone
    cutoff = now if request.cutoff is None else parse_cutoff(request.cutoff, zone)
    book = read_duty_inputs(dataset.known_before(cutoff), rules, request.overrides)
    last = (moment_of(cutoff, zone) - timedelta(microseconds=1)).date()
    table = list_duties(book, rules, workdays(rules.country), week(week_name(last)), cutoff)
    messages = list(overdue_messages(table))
    with database.writing() as connection:
        fresh = enqueue(connection, messages, now)
    return NotifyOverdueResult(len(messages), fresh, moment_of(cutoff, zone).isoformat())
