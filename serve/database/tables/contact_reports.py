"""The tables of what reps report of contacts: which event carries out a decision, what was noted."""

from sqlalchemy import Boolean, Column, ForeignKey, Index, Table

from serve.database.tables.metadata import METADATA, PLAIN_TEXT, instant, words

DECISION_CONTACTS = Table(
    "decision_contacts",
    METADATA,
    Column("decision_id", PLAIN_TEXT, ForeignKey("decisions.decision_id"), primary_key=True),
    words("event_id", nullable=False, index=True),
    Column("reported", Boolean, nullable=False),
    Column("dated", Boolean, nullable=False),
)
"""The contact event that carried out a decision, at most one. `reported`: the service wrote the event when the decision
was reported as done; `dated`: that report named the time."""

CONTACT_NOTES = Table(
    "contact_notes",
    METADATA,
    Column("decision_id", PLAIN_TEXT, ForeignKey("decisions.decision_id"), primary_key=True),
    words("account_id", nullable=False),
    words("contact_id", index=True),
    instant("at", nullable=False),
    words("business", nullable=False),
    words("personal"),
    words("by", nullable=False),
    instant("known_at", nullable=False),
)
"""What the visit form notes. `business`: JSON. `personal`: encrypted with the key of the contact that it is about, so
that erasing the contact destroys it."""

Index("ix_contact_notes_account_id_at", CONTACT_NOTES.c.account_id, CONTACT_NOTES.c.at)
