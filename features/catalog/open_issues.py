"""Features of open issues: complaints, promises, problems, unpaid invoices, unanswered contacts, new reps."""

from collections.abc import Iterable

from features.catalog.streams import OURS, PAYMENT_DUE, ratio, total
from features.definitions import Aggregation, Atom, Code, Combined, Direction, Feature, FeatureGroup, Stream
from kqml.events import EventKind
from kqml.history.closings import Closing, referral_closing
from kqml.playbook.playbook import Playbook

_FALLING, _RISING = Direction.FALLING, Direction.RISING

Wanted = tuple[Aggregation, int | None, Direction]
"""An aggregation, the days of its window, what more of it is expected to do."""

COMPLAINT: tuple[Wanted, ...] = (
    (Aggregation.OPEN, None, _RISING),
    (Aggregation.OPEN_AGE, None, _RISING),
    (Aggregation.OVERDUE, None, _RISING),
    (Aggregation.CLOSED_SHARE, 365, _FALLING),
    (Aggregation.CLOSING_DAYS, 365, _RISING),
)
PROMISE: tuple[Wanted, ...] = (
    (Aggregation.OVERDUE, None, _RISING),
    (Aggregation.OVERDUE_AGE, None, _RISING),
    (Aggregation.CLOSED_SHARE, 365, _FALLING),
    (Aggregation.LATE_DAYS, 365, _RISING),
)
INBOUND: tuple[Wanted, ...] = (
    (Aggregation.OVERDUE, 90, _RISING),
    (Aggregation.OPEN_AGE, 90, _RISING),
    (Aggregation.CLOSING_DAYS, 90, _RISING),
)
PROBLEM: tuple[Wanted, ...] = ((Aggregation.OVERDUE, 180, _RISING), (Aggregation.CLOSING_DAYS, 365, _RISING))
FOLLOW_UP: tuple[Wanted, ...] = ((Aggregation.OVERDUE, 90, _RISING), (Aggregation.CLOSED_SHARE, 90, _FALLING))
HANDOVER: tuple[Wanted, ...] = ((Aggregation.OPEN_AGE, 180, _RISING), (Aggregation.CLOSING_DAYS, 365, _RISING))
BILLS: tuple[Wanted, ...] = (
    (Aggregation.OVERDUE, None, _RISING),
    (Aggregation.OVERDUE_AGE, None, _RISING),
    (Aggregation.CLOSED_SHARE, 365, _FALLING),
    (Aggregation.LATE_DAYS, 90, _RISING),
    (Aggregation.LATE_DAYS, 365, _RISING),
)


def trust(playbook: Playbook) -> Iterable[Feature]:
    """Return the features of unresolved complaints, open promises and unanswered contacts."""
    answers, group = playbook.answers, FeatureGroup.RELATIONSHIP
    complaint = referral_features(EventKind.COMPLAINT, answers.complaint_days)
    yield from _wanted(complaint, COMPLAINT, group, Code.COMPLAINT, "complaints_open")
    promise = referral_features(EventKind.PROMISE_MADE, answers.promise_days)
    yield from _wanted(promise, PROMISE, group, Code.BROKEN_PROMISE, "promises_late")
    inbound = response_features(EventKind.INBOUND, OURS, answers.inbound_days)
    yield from _wanted(inbound, INBOUND, group, Code.NO_RESPONSE, "unanswered")
    problem = response_features(EventKind.PROBLEM_RAISED, frozenset({EventKind.HELP_GIVEN}), answers.complaint_days)
    yield from _wanted(problem, PROBLEM, group, Code.NO_RESPONSE, "unanswered")
    granted: Wanted = (Aggregation.CLOSED_SHARE, 365, _FALLING)
    yield from _wanted(referral_features(EventKind.HELP_ASKED, None), (granted,), group, Code.SHALLOW, "answered")


def follow_up(playbook: Playbook) -> Iterable[Feature]:
    """Return the features of deliveries and orders without a contact in the following days."""
    days = playbook.no_follow_up_days
    for kind in (EventKind.DELIVERY, EventKind.ORDER):
        closing = Closing(OURS, by_ref=False, due_at=False, due_days=days, in_time=True)
        stream = Stream(f"{kind.code}_follow_up", frozenset({kind}), closing)
        yield from _wanted(stream, FOLLOW_UP, FeatureGroup.SERVICE, Code.NO_FOLLOW_UP, "follow_up")


def handover() -> Iterable[Feature]:
    """Return the days from a change of the rep to the new one's first contact."""
    stream = Stream("handover", frozenset({EventKind.REP_ASSIGNED}), Closing(OURS, by_ref=False, same_rep=True))
    yield from _wanted(stream, HANDOVER, FeatureGroup.REP, Code.REP_CHANGE, "handover")


def bills() -> Iterable[Feature]:
    """Return the features of overdue invoices."""
    stream, group = referral_features(EventKind.PAYMENT_DUE, 0.0), FeatureGroup.CASH
    yield from _wanted(stream, BILLS, group, Code.ACCOUNT_CASH, "overdue")
    overdue = Atom(stream, Aggregation.OVERDUE_SUM, "amount")
    share: Combined = ratio(overdue, total(PAYMENT_DUE, "amount", 365))
    for measure in (overdue, share):
        yield Feature(measure, group, Code.ACCOUNT_CASH, _RISING, "overdue")


def referral_features(kind: EventKind, due_days: float | None) -> Stream:
    """Return the stream of events of a kind that other events refer to."""
    return Stream(kind.code, frozenset({kind}), referral_closing(kind, due_days))


def response_features(kind: EventKind, by: frozenset[EventKind], due_days: float) -> Stream:
    """Return the stream of events of a kind that any later one of `by` answers."""
    return Stream(kind.code, frozenset({kind}), Closing(by, by_ref=False, due_at=False, due_days=due_days))


def _wanted(stream: Stream, wanted: Iterable[Wanted], group: FeatureGroup, code: Code, why: str) -> Iterable[Feature]:
    for aggregation, days, direction in wanted:
        yield Feature(Atom(stream, aggregation, days=days), group, code, direction, why)
