"""The tables of the data contract: accounts, contacts, reps, events, what `dataset.json` says of them.

Columns of the contract have its names; `attributes`, `absences` are JSON text. None of them refers to another by a
foreign key: an event may come before its account is described.
"""

from sqlalchemy import Boolean, Column, Date, Double, Integer, Table

from serve.database.tables.metadata import METADATA, instant, words

ACCOUNTS = Table(
    "accounts",
    METADATA,
    words("account_id", primary_key=True),
    words("name"),
    words("tier"),
    words("segment"),
    words("region"),
    words("owner_rep_id", index=True),
    Column("opened_on", Date),
    words("status"),
    Column("status_since", Date),
    words("credit_grade"),
    words("visit_weekdays"),
    words("visit_time"),
    words("route"),
    words("opening_hours"),
    Column("latitude", Double),
    Column("longitude", Double),
    words("attributes"),
    Column("described", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    instant("updated_at", nullable=False),
    instant("objected_at"),
    instant("erased_at"),
)
"""`described`: false while only events name the account. `version`: counts its changes, is its ETag. `objected_at`:
since when no automated recommendation may be made for it. `erased_at`: when what says who it is was erased."""

CONTACTS = Table(
    "contacts",
    METADATA,
    words("contact_id", primary_key=True),
    words("account_id", nullable=False, index=True),
    words("name"),
    words("role"),
    words("influence"),
    words("phone"),
    words("birthday"),
    words("education"),
    words("home_town"),
    words("family"),
    words("character"),
    words("hobbies"),
    words("attributes"),
    Column("version", Integer, nullable=False),
    instant("updated_at", nullable=False),
    instant("erased_at"),
)
"""Personal fields may hold sealed text (serve/security); they are text here in any case."""

CONTACT_KEYS = Table(
    "contact_keys", METADATA, words("contact_id", primary_key=True), words("sealed_key", nullable=False)
)
"""The key of each contact's personal fields, itself sealed with a key of the settings. Without its row here whatever is
sealed of the contact, in copies too, stays sealed."""

REPS = Table(
    "reps",
    METADATA,
    words("rep_id", primary_key=True),
    words("name"),
    words("manager_id", index=True),
    words("region"),
    Column("started_on", Date),
    Column("left_on", Date),
    Column("minutes_per_week", Double),
    Column("stops_per_week", Double),
    Column("budget_per_week", Double),
    words("absences"),
    Column("version", Integer, nullable=False),
    instant("updated_at", nullable=False),
)

EVENTS = Table(
    "events",
    METADATA,
    words("account_id", primary_key=True),
    instant("occurred_at", primary_key=True, autoincrement=False),
    words("event_id", primary_key=True, unique=True),
    instant("known_at", nullable=False),
    instant("received_at", nullable=False),
    words("kind", nullable=False),
    Column("amount", Double),
    Column("quantity", Double),
    Column("lines", Double),
    Column("minutes", Double),
    Column("sentiment", Double),
    words("rep_id"),
    words("contact_id"),
    words("channel"),
    instant("due_at"),
    words("ref"),
    Column("authenticity", Double),
    words("attributes"),
    sqlite_with_rowid=False,
)
"""Append-only. The key is the order of a dataset, so that SQLite keeps an account's history in one place."""

KINDS_RECORDED = Table(
    "kinds_recorded", METADATA, words("kind", primary_key=True), instant("first_known_at", nullable=False)
)
"""The first `known_at` of each kind, kept with the events."""

DATABASE_INFO = Table("store_info", METADATA, words("key", primary_key=True), words("value", nullable=False))
"""What `dataset.json` says beside its tables: key → JSON."""
