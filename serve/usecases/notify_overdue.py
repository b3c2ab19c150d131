"""Tell webhooks of duties that are overdue."""

from dataclasses import dataclass
from datetime import timedelta

from features.cutoffs import parse_cutoff
from kqml.calendar.business_time import moment_of
from kqml.contract.fields import Count, Moment
from kqml.duties import week
from kqml.duties.period import week_name
from kqml.playbook import Playbook
from serve.database.engine import Database
from serve.usecases.duty_history import read_duty_history
from serve.usecases.list_duties import ListDutiesRequest, list_duties
from serve.webhooks.message_types import MessageKind
from serve.webhooks.outbox import enqueue_for, webhooks_by_kind
from serve.webhooks.overdue import OverdueDuty, note_overdue, overdue_duties, overdue_messages


@dataclass(frozen=True)
class NotifyOverdueRequest:
    """The rules, the cutoff as written (None: now)."""

    playbook: Playbook
    cutoff: str | None


@dataclass(frozen=True)
class NotifyOverdueResult:
    """How many duties are overdue, how many messages about those not told before were queued, at which cutoff."""

    overdue: Count
    enqueued: Count
    cutoff: Moment


def notify_overdue(database: Database, request: NotifyOverdueRequest, now: int) -> NotifyOverdueResult:
    """Enqueue messages of the overdue duties of the cutoff's week and of the week before, for each webhook that was not
    told of them before."""
    history, rules = read_duty_history(database), request.playbook
    zone = history.dataset.info.time_zone
    cutoff = now if request.cutoff is None else parse_cutoff(request.cutoff, zone)
    last = (moment_of(cutoff, zone) - timedelta(microseconds=1)).date()
    inputs = history.inputs_at(rules, cutoff)
    overdue: dict[str, OverdueDuty] = {}
    # What is due on a Sunday is overdue from Monday on, in the list of the week before.
    for name in (week_name(last - timedelta(days=7)), week_name(last)):
        duties = ListDutiesRequest(playbook=rules, period=week(name), cutoff=cutoff, personal=False)
        overdue |= {duty["duty_id"]: duty for duty in overdue_duties(list_duties(inputs, duties), name)}
    enqueued = 0
    with database.writing() as connection:
        for webhook in webhooks_by_kind(connection).get(MessageKind.DUTIES_OVERDUE, ()):
            messages = overdue_messages(webhook, note_overdue(connection, webhook, list(overdue.values()), now))
            enqueued += enqueue_for(connection, webhook, messages, now)
    return NotifyOverdueResult(len(overdue), enqueued, moment_of(cutoff, zone).isoformat())
