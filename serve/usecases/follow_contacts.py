"""Follow contact events: one that fits an open decision carries it out, keeps an appointment, or is retracted."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy import Connection

from kqml.calendar.business_time import DAY_US, local_midnight, moment_of
from kqml.dataset.tables import EVENTS as EVENT_COLUMNS
from kqml.duties.period import week_name
from kqml.events import EventKind
from kqml.playbook import Playbook
from models.policy.planning.company import week_period
from serve.database.contact_reports import (
    contactable_decisions,
    contacts_between,
    decisions_of_events,
    link_contact,
    linked_contact,
    unlink_contact,
)
from serve.database.decisions import EVENT_RETRACTED, OPEN, append_state, lock_decision, read_states
from serve.database.events import add_events
from serve.database.territory import EVERYWHERE
from serve.usecases.database_access import Transaction

Row = Mapping[str, Any]

LATE_DAYS = 35
"""How late an event may be reported to carry out a decision; older ones are history."""

APPOINTMENT = "kqml:appointment:"
"""How the ids of promises begin that are appointments."""


@dataclass(frozen=True)
class ContactFollower:
    """Follows events of one request. `by`: who sent them."""

    transaction: Transaction
    playbook: Playbook
    by: str
    now: int

    @property
    def connection(self) -> Connection:
        """The connection of the transaction."""
        return self.transaction.connection

    def channel_of(self, kind: str) -> str | None:
        """Return the channel that an event of a kind counts for, None for none."""
        kinds = self.playbook.counting.kinds
        return next((channel for channel in kinds if any(each.code == kind for each in kinds[channel])), None)

    def local_day(self, instant: int) -> Any:
        """Return the local day of an instant."""
        return moment_of(instant, self.transaction.time_zone).date()

    def week_of(self, instant: int) -> str:
        """Return the ISO week of an instant."""
        return week_name(self.local_day(instant))


def follow_contacts(follower: ContactFollower, rows: Sequence[Row]) -> None:
    """Bring decisions up to date with events just stored.

    A contact that counts fully, of a rep's week, carries out the rep's latest open decision that asks for its channel
    (one with several contacts: once all have taken place). Where the decision was reported as done before, it is the
    same fact: it takes the place of the event that the service wrote. A verified visit verifies its decision.
    """
    earliest = follower.now - LATE_DAYS * DAY_US
    contacts = [row for row in rows if row["occurred_at"] >= earliest and _counts(follower, row)]
    if contacts:
        _carry_out(follower, sorted(contacts, key=lambda row: row["occurred_at"]))
        keep_appointments(follower, contacts)
    _verify(follower, [row for row in rows if row["kind"] == EventKind.VISIT_VERIFIED.code])
    _reopen(follower, [row for row in rows if row["kind"] == EventKind.EVENT_RETRACTED.code])


def keep_appointments(follower: ContactFollower, contacts: Iterable[Row]) -> None:
    """Record the appointments as kept that contacts fulfil: those on the day of the appointment or later."""
    zone = follower.transaction.time_zone
    for contact in contacts:
        until = contact["occurred_at"] + 1
        promises = contacts_between(
            follower.connection, contact["account_id"], (EventKind.PROMISE_MADE.code,), (0, until), follower.now
        )
        for promise in promises:
            if not promise["event_id"].startswith(APPOINTMENT):
                continue
            if contact["occurred_at"] >= local_midnight(moment_of(promise["due_at"], zone).date(), zone):
                _keep(follower, promise, contact)


def fitting_events(follower: ContactFollower, decision: Row, until: int) -> list[Row]:
    """Return the events since a decision's cutoff, within its week and before an instant, that may carry it out: of its
    account, of the channels of its action, of its rep or of no rep, counting fully."""
    channels = action_channels(follower.playbook, decision["assigned"])
    kinds = [kind.code for channel in channels for kind in follower.playbook.counting.kinds[channel]]
    week = week_period(follower.local_day(decision["cutoff"]))
    interval = decision["cutoff"], min(until, week.instants(follower.transaction.time_zone)[1])
    rows = contacts_between(follower.connection, decision["account_id"], kinds, interval, follower.now)
    return [row for row in rows if row["rep_id"] in (None, decision["rep_id"]) and _counts(follower, row)]


def action_channels(playbook: Playbook, action: str) -> dict[str, int]:
    """Return the contacts that an action brings, by channel, the most personal one first."""
    contacts = {rule.name: dict(rule.contacts) for rule in playbook.actions}.get(action, {})
    return {channel: count for channel, count in contacts.items() if count}


def _counts(follower: ContactFollower, row: Row) -> bool:
    channel = follower.channel_of(row["kind"])
    if channel is None:
        return False
    facts = [np.array([np.nan if row[name] is None else row[name]]) for name in ("minutes", "authenticity")]
    return bool(follower.playbook.counting.worth(channel, *facts)[0] >= 1)


def _carry_out(follower: ContactFollower, contacts: Sequence[Row]) -> None:
    linked = decisions_of_events(follower.connection, [row["event_id"] for row in contacts])
    fresh = [row for row in contacts if row["event_id"] not in linked]
    weeks = {follower.week_of(row["occurred_at"]) for row in fresh}
    decisions = contactable_decisions(follower.connection, {row["account_id"] for row in fresh}, weeks)
    decisions.sort(key=lambda decision: not decision["reported"])  # the same fact goes before another decision
    for contact in fresh:
        for decision in decisions:
            if _fits(follower, decision, contact) and _apply(follower, decision, contact):
                decisions.remove(decision)
                break


def _fits(follower: ContactFollower, decision: Row, contact: Row) -> bool:
    return bool(
        decision["account_id"] == contact["account_id"]
        and decision["week"] == follower.week_of(contact["occurred_at"])
        and contact["rep_id"] in (None, decision["rep_id"])
        and contact["occurred_at"] >= decision["cutoff"]
        and follower.channel_of(contact["kind"]) in action_channels(follower.playbook, decision["assigned"])
    )


def _apply(follower: ContactFollower, decision: Row, contact: Row) -> bool:
    """Let a contact carry out a decision, or take the place of the event of its report; return whether it did."""
    name = decision["decision_id"]
    lock_decision(follower.connection, name)
    # Another request may have reported the decision as done since it was read.
    last, link = read_states(follower.connection, name)[-1], linked_contact(follower.connection, name)
    if last["state"] == "done":
        return link is not None and _take_place(follower, {**decision, "at": last["at"], **link}, contact)
    if last["state"] not in (*OPEN, "withdrawn"):
        return False
    wanted = action_channels(follower.playbook, decision["assigned"])
    if sum(wanted.values()) > 1:
        events = fitting_events(follower, decision, follower.now + 1)
        if any(sum(follower.channel_of(row["kind"]) == channel for row in events) < n for channel, n in wanted.items()):
            return False
    state = {"state": "done", "at": contact["occurred_at"], "by": follower.by}
    append_state(follower.connection, name, state, follower.now)
    link_contact(follower.connection, name, contact["event_id"], reported=False, dated=True)
    return True


def _take_place(follower: ContactFollower, decision: Row, contact: Row) -> bool:
    """Retract the event that the service wrote for the report of a decision where the contact is the same fact: on the
    day that the report named, or where it named none, before the report."""
    if not decision["reported"]:
        return False
    on_the_day = follower.local_day(contact["occurred_at"]) == follower.local_day(decision["at"])
    if not (on_the_day or (not decision["dated"] and contact["occurred_at"] <= decision["at"])):
        return False
    row = {
        **dict.fromkeys(EVENT_COLUMNS.names),
        "event_id": f"kqml:retracted:{decision['event_id'].removeprefix('kqml:')}",
        "account_id": contact["account_id"],
        "occurred_at": follower.now,
        "known_at": follower.now,
        "kind": EventKind.EVENT_RETRACTED.code,
        "ref": decision["event_id"],
    }
    add_events(follower.connection, [row], follower.now, EVERYWHERE)
    link_contact(follower.connection, decision["decision_id"], contact["event_id"], reported=False, dated=True)
    return True


def _verify(follower: ContactFollower, rows: Sequence[Row]) -> None:
    decisions = decisions_of_events(follower.connection, [row["ref"] for row in rows if row["ref"] is not None])
    for row in rows:
        name = decisions.get(row["ref"])
        if name is not None and read_states(follower.connection, name)[-1]["state"] == "done":
            state = {"state": "verified", "at": row["occurred_at"], "verified": True, "by": follower.by}
            append_state(follower.connection, name, state, follower.now)


def _reopen(follower: ContactFollower, rows: Sequence[Row]) -> None:
    """Give decisions whose contact is retracted the state that they had before; one that was verified or has an outcome
    stays as it is."""
    decisions = decisions_of_events(follower.connection, [row["ref"] for row in rows if row["ref"] is not None])
    for name in sorted(decisions.values()):
        lock_decision(follower.connection, name)
        states = read_states(follower.connection, name)
        unlink_contact(follower.connection, name)
        if states[-1]["state"] == "done":
            before = next(state["state"] for state in reversed(states) if state["state"] != "done")
            state = {"state": before, "at": follower.now, "reason": EVENT_RETRACTED, "by": follower.by}
            append_state(follower.connection, name, state, follower.now)


def _keep(follower: ContactFollower, promise: Row, contact: Row) -> None:
    row = {
        **dict.fromkeys(EVENT_COLUMNS.names),
        "event_id": f"kqml:kept:{promise['event_id'].removeprefix('kqml:')}",
        "account_id": contact["account_id"],
        "occurred_at": contact["occurred_at"],
        "known_at": follower.now,
        "kind": EventKind.PROMISE_KEPT.code,
        "rep_id": contact["rep_id"],
        "ref": promise["event_id"],
    }
    closings = contacts_between(
        follower.connection, contact["account_id"], (EventKind.PROMISE_KEPT.code,), (0, follower.now + 1), follower.now
    )
    if all(each["ref"] != promise["event_id"] for each in closings):
        add_events(follower.connection, [row], follower.now, EVERYWHERE)
