"""Duties as the API answers with them and `kqml duties --json` prints them."""

from typing import Literal

from typing_extensions import TypedDict

from kqml.contract.fields import Count, Moment, PlaybookVersion, PositiveInteger

DutyName = Literal[
    "cadence",
    "problems",
    "festival",
    "birthday",
    "milestone",
    "misfortune",
    "promise",
    "complaint",
    "complaint_visit",
    "inbound",
    "handover",
    "asks",
    "trainings",
]
DutyState = Literal["due", "done", "overdue", "waived"]
Certainty = Literal["announced", "forecast"]
"""Whether the government has announced the working days of the year."""


class DutyFields(TypedDict):
    """What a duty is, as `docs/duties.md` defines it. `account_id` is null where a rep must fulfil it at any account;
    `contact_id` where nobody is named, or without the scope to read contacts."""

    account_id: str | None
    rep_id: str | None
    tier: Literal["A", "B", "C"] | None
    duty: DutyName
    occasion: str | None
    channel: str | None
    target: float
    counted: float
    prorated: float
    behind: float
    due_from: Moment
    due_by: Moment
    state: DutyState
    must: bool
    why: str
    contact_id: str | None
    event_id: str | None


class DutyDeclaration(TypedDict):
    """Who marked a duty as done or waived: for when, and when that was recorded."""

    state: Literal["done", "waived"]
    at: Moment
    known_at: Moment
    by: str
    note: str | None


class Duty(DutyFields):
    """One duty of a week. `declared`: null where nobody marked it and its state is what was counted."""

    duty_id: str
    declared: DutyDeclaration | None


class DutyPage(TypedDict):
    """A part of the duties of a week, as they stood at `as_of`, by account; `next_cursor` asks for the next ones, null
    where there are none. `certainty`: whether the government has announced the working days of the year."""

    week: str
    as_of: Moment
    playbook: str
    certainty: Certainty
    duties: list[Duty]
    next_cursor: str | None


class DutyStatusTaken(TypedDict):
    """How many statuses of duties were new, how many were recorded already."""

    added: int
    known: int


class DutyRow(DutyFields):
    """One row of `kqml duties`. `playbook`: the version that requires it."""

    playbook: PlaybookVersion


class DutyCount(TypedDict):
    """How many duties of a kind, on a channel, are in a state."""

    duty: DutyName
    channel: str | None
    state: DutyState
    rows: PositiveInteger


class ComplianceRow(TypedDict):
    """How far the cadence of a rep was kept in a tier, on a channel, in a month, as `docs/duties.md` defines it.
    `compliance`: null where no contact was required."""

    rep_id: str | None
    tier: Literal["A", "B", "C"]
    channel: str
    month: str
    accounts: PositiveInteger
    target: float
    counted: float
    met: float
    compliance: float | None
    too_cold: Count
    too_hot: Count


class RepCompliance(TypedDict):
    """How far a rep kept the cadence in the latest `months`, as known at `as_of`; by the playbook and the working days
    of its country."""

    rep_id: str
    as_of: Moment
    playbook: PlaybookVersion
    country: str
    months: list[str]
    rows: list[ComplianceRow]
