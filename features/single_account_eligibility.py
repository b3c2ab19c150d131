"""Eligibility of the only account of a log at one cutoff, for requests about one account."""

import math

import numpy as np
from numpy.typing import NDArray

from features.churn_definition import ChurnDefinition
from features.context import Context
from features.eligibility import CYCLE_GAPS, Eligibility
from features.rows import Rows
from kqml.calendar.business_time import DAY_US
from kqml.events import KINDS, EventKind
from kqml.history.attributes import IN_BUSINESS_AFTER, STATUS_AFTER
from kqml.history.event_log import EventLog

_CHANGES_STATUS = np.isin(np.arange(len(KINDS)), [kind.number for kind in STATUS_AFTER])


def single_account_eligibility(
    log: EventLog, context: Context, definition: ChurnDefinition, cutoff: int
) -> Eligibility:
    """Return what `features.eligibility.eligibility_of` gives for the only account of a log, equal to the bit."""
    # Plain masks: for one account the sorted steps of `EventLog.known_steps` cost more than they save.
    visible = log.visible_before(cutoff)
    orders = log.occurred_at[visible & (log.kind == EventKind.ORDER.number)]
    if len(orders) < definition.min_orders or not _is_in_business(log.kind[visible]):
        return _no_rows()
    gaps = min(len(orders) - 1, CYCLE_GAPS)
    now, last, first = context.quiet.active(np.array([cutoff, orders[-1], orders[-1 - gaps]])).tolist()
    silence, span = now - last, last - first
    if silence > definition.active_within * DAY_US:
        return _no_rows()
    return Eligibility(
        Rows(np.zeros(1, dtype=np.int32), np.array([cutoff], dtype=np.int64)),
        orders=np.array([len(orders)], dtype=np.int64),
        last_order=orders[-1:],
        silence=np.array([silence / DAY_US]),
        own_cycle=np.array([span / (gaps * DAY_US) if gaps else math.nan]),
        # The same products of integers as for many accounts, else the two could differ in the last bit.
        already_silent=np.array([gaps > 0 and silence * gaps > span]),
    )


def _is_in_business(kinds: NDArray[np.uint8]) -> bool:
    changes = kinds[_CHANGES_STATUS[kinds]]
    return not len(changes) or bool(IN_BUSINESS_AFTER[changes[-1]])


def _no_rows() -> Eligibility:
    none, nothing = np.zeros(0, dtype=np.int64), np.zeros(0)
    return Eligibility(
        Rows(np.zeros(0, dtype=np.int32), none), none, none, nothing, nothing, np.zeros(0, dtype=np.bool_)
    )
