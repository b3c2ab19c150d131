"""Accounts of a few events for tests of standings; days since 1970-01-01 UTC instead of instants."""

from dataclasses import replace

from hypothesis import strategies as st

from kqml.calendar.business_time import DAY_US
from kqml.events import KINDS
from kqml.history.builders import event_log_of
from kqml.history.event_log import EventLog
from kqml.history.known_history import KnownHistory, known_history
from kqml.playbook import read_playbook

PLAYBOOK = read_playbook("pharmacy")
EVERY_KIND = dict.fromkeys(KINDS, -(10**18))


def event(day, kind, known=None, **columns):
    """One event; `due`: the day it is due, `known`: the day it was recorded, `id`: what others refer to by `ref`."""
    if "due" in columns:
        columns["due_at"] = round(columns.pop("due") * DAY_US)
    if "id" in columns:
        columns["event_id"] = columns.pop("id")
    known_at = {} if known is None else {"known_at": round(known * DAY_US)}
    return {"occurred_at": round(day * DAY_US), "kind": kind, **known_at, **columns}


def log_of(*histories) -> EventLog:
    """A log of accounts a0, a1, … with these events; events get ids where they have none."""
    named = {}
    for place, history in enumerate(histories):
        named[f"a{place}"] = [{"event_id": f"e{place}-{number}", **one} for number, one in enumerate(history)]
    return event_log_of(named)


def known_of(day, *histories, recorded=None) -> KnownHistory:
    """What was known of accounts with these events before a day; all kinds are recorded unless said otherwise."""
    kinds = EVERY_KIND if recorded is None else dict.fromkeys(recorded, -(10**18))
    return known_history(log_of(*histories), round(day * DAY_US), kinds)


def playbook(**changes):
    """The pharmacy playbook with other values in some places."""
    return replace(PLAYBOOK, **changes)


KINDS_USED = ("visit", "call", "message", "help_asked", "help_given", "complaint", "complaint_resolved", "inbound")
KINDS_USED += ("promise_made", "promise_kept", "price_change", "order", "event_retracted")


@st.composite
def histories(draw):
    """A few accounts with references back and forth, late records, ties."""
    accounts = []
    for account in range(draw(st.integers(1, 3))):
        made = []
        for number in range(draw(st.integers(0, 8))):
            day = draw(st.integers(0, 60))
            columns = {"id": f"{account}-{number}", "known": day + draw(st.sampled_from([0, 0, 1, 30]))}
            if draw(st.booleans()):
                columns["ref"] = f"{account}-{draw(st.integers(0, 8))}"
            if draw(st.booleans()):
                columns["due"] = day + draw(st.integers(-3, 20))
            if draw(st.booleans()):
                columns["attributes"] = {"topic": draw(st.sampled_from(["price", "order", "else"]))}
            made.append(event(day, draw(st.sampled_from(KINDS_USED)), **columns))
        accounts.append(made)
    return accounts
