"""The compiled engine counts as open, overdue and closed what `kqml.history.closings` says."""

import numpy as np
import pytest
from hypothesis import given, settings
from random_logs import CUTOFFS, histories, log_of

from features.context import Context
from features.definitions import Aggregation, Atom, Code, Direction, Feature, FeatureGroup, Stream
from features.engine import build_features
from features.plan import compile_plan
from features.rows import Rows
from kqml.calendar.business_time import DAY_US
from kqml.events import KINDS, EventKind
from kqml.history.closings import Closing, closed_at, due_instants, referral_closing
from kqml.history.known_history import KnownHistory
from kqml.history.retractions import NEVER

OURS = frozenset({EventKind.VISIT, EventKind.CALL})
STREAMS = [
    Stream("complaint", frozenset({EventKind.COMPLAINT}), referral_closing(EventKind.COMPLAINT, 7)),
    Stream("payment_due", frozenset({EventKind.PAYMENT_DUE}), referral_closing(EventKind.PAYMENT_DUE)),
    Stream("bill", frozenset({EventKind.PAYMENT_DUE}), Closing(frozenset({EventKind.PAYMENT_RECEIVED}), in_time=True)),
    Stream("inbound", frozenset({EventKind.INBOUND}), Closing(OURS, by_ref=False, due_at=False, due_days=2.5)),
    Stream("order", frozenset({EventKind.ORDER}), Closing(OURS, False, due_at=False, due_days=7, in_time=True)),
    Stream("handover", frozenset({EventKind.REP_ASSIGNED}), Closing(OURS, False, same_rep=True, due_days=14)),
]
MEASURED = (
    Aggregation.OPEN,
    Aggregation.OPEN_AGE,
    Aggregation.OVERDUE,
    Aggregation.OVERDUE_AGE,
    Aggregation.CLOSED_SHARE,
    Aggregation.CLOSING_DAYS,
    Aggregation.LATE_DAYS,
)
FEATURES = [
    Feature(Atom(stream, one), FeatureGroup.RELATIONSHIP, Code.COMPLAINT, Direction.RISING, "complaints_open")
    for stream in STREAMS
    for one in MEASURED
]
PLAN = compile_plan(FEATURES)
LONG_AGO = -1000 * DAY_US


def measured(known, stream, account):
    """The numbers of MEASURED of one account, from the instants of the definition."""
    openings = known.of_kinds(stream.kinds)
    openings = openings[known.log.account[openings] == account]
    begun, cutoff = known.log.occurred_at[openings], known.cutoff
    closed = closed_at(known, openings, stream.rule)
    due = due_instants(known.log, openings, stream.rule)
    is_open = closed == NEVER
    overdue, passed = is_open & (due < cutoff), due < cutoff
    late = np.maximum(np.where(is_open, cutoff, closed)[passed] - due[passed], 0)
    return [
        is_open.sum(),
        (cutoff - begun[is_open]).max(initial=0) / DAY_US,
        overdue.sum(),
        (cutoff - due[overdue]).max(initial=0) / DAY_US,
        (~is_open).mean() if len(openings) else np.nan,
        (closed - begun)[~is_open].mean() / DAY_US if (~is_open).any() else np.nan,
        late.mean() / DAY_US if passed.any() else np.nan,
    ]


@settings(max_examples=150, deadline=None)
@given(histories())
def test_the_engine_agrees_with_the_definition_on_any_history(given_):
    log = log_of(given_.accounts)
    accounts = log.account_count
    context = Context(np.full(len(KINDS), LONG_AGO), np.full(accounts, LONG_AGO))
    built = build_features(log, Rows.grid(accounts, CUTOFFS), PLAN, context, threads=1)
    for row, (account, cutoff) in enumerate((a, c) for a in range(accounts) for c in CUTOFFS.tolist()):
        known = KnownHistory(log, cutoff)
        expected = [number for stream in STREAMS for number in measured(known, stream, account)]
        assert built[row].tolist() == pytest.approx(expected, nan_ok=True, abs=1e-9)
