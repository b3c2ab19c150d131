"""The tables of the database after the newest migration."""

from serve.database.tables.access import API_KEYS, AUDIT_LOG, ERASING, IDEMPOTENCY_KEYS, LOGIN_ATTEMPTS, SESSIONS, USERS
from serve.database.tables.contact_reports import CONTACT_NOTES, DECISION_CONTACTS
from serve.database.tables.data_contract import (
    ACCOUNTS,
    CONTACT_KEYS,
    CONTACTS,
    DATABASE_INFO,
    EVENTS,
    KINDS_RECORDED,
    REPS,
)
from serve.database.tables.decisions import (
    ACCOUNT_GRADES,
    DECISION_STATES,
    DECISIONS,
    DUTIES_DECLARED,
    LATEST_SCORES,
    REVIEWS,
    SCORES,
    WEEK_UPDATES,
)
from serve.database.tables.learned import LEARNED
from serve.database.tables.metadata import METADATA
from serve.database.tables.webhooks import DELIVERIES, OUTBOX, OVERDUE_NOTICES, WEBHOOKS

__all__ = [
    "ACCOUNTS",
    "ACCOUNT_GRADES",
    "API_KEYS",
    "AUDIT_LOG",
    "CONTACTS",
    "CONTACT_KEYS",
    "CONTACT_NOTES",
    "DATABASE_INFO",
    "DECISIONS",
    "DECISION_CONTACTS",
    "DECISION_STATES",
    "DELIVERIES",
    "DUTIES_DECLARED",
    "ERASING",
    "EVENTS",
    "IDEMPOTENCY_KEYS",
    "KINDS_RECORDED",
    "LATEST_SCORES",
    "LEARNED",
    "LOGIN_ATTEMPTS",
    "METADATA",
    "OUTBOX",
    "OVERDUE_NOTICES",
    "REPS",
    "REVIEWS",
    "SCORES",
    "SESSIONS",
    "USERS",
    "WEBHOOKS",
    "WEEK_UPDATES",
]
