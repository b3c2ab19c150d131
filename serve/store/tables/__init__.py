"""The tables of the store, as they are after the newest migration."""

from serve.store.tables.access import (
    API_KEYS,
    AUDIT_LOG,
    ERASING,
    IDEMPOTENCY_KEYS,
    LOGIN_ATTEMPTS,
    SESSIONS,
    USERS,
)
from serve.store.tables.answers import DECISION_STATES, DECISIONS, DUTIES_DECLARED, LATEST_SCORES, REVIEWS, SCORES
from serve.store.tables.facts import ACCOUNTS, CONTACT_KEYS, CONTACTS, EVENTS, KINDS_RECORDED, REPS, STORE_INFO
from serve.store.tables.learned import LEARNED
from serve.store.tables.messages import DELIVERIES, OUTBOX, WEBHOOKS
from serve.store.tables.metadata import METADATA

__all__ = [
    "ACCOUNTS",
    "API_KEYS",
    "AUDIT_LOG",
    "CONTACTS",
    "CONTACT_KEYS",
    "DECISIONS",
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
    "REPS",
    "REVIEWS",
    "SCORES",
    "SESSIONS",
    "STORE_INFO",
    "USERS",
    "WEBHOOKS",
]
