"""The tables of access: keys, users, sessions, login attempts, audit log, idempotency keys."""

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, Table

from serve.database.tables.metadata import METADATA, PLAIN_TEXT, instant, words

API_KEYS = Table(
    "api_keys",
    METADATA,
    words("key_id", primary_key=True),
    words("secret_hash", nullable=False, unique=True),
    words("name", nullable=False),
    words("scopes", nullable=False),
    words("rep_id"),
    instant("created_at", nullable=False),
    words("created_by"),
    instant("expires_at"),
    instant("last_used_at"),
    instant("revoked_at"),
)
"""`key_id`: the prefix that is shown. `secret_hash`: SHA-256, hex. `scopes`: JSON list. `rep_id`: whose territory the
key is limited to; null for no limit."""

USERS = Table(
    "users",
    METADATA,
    words("user_id", primary_key=True),
    words("login", nullable=False, unique=True),
    words("password_hash", nullable=False),
    words("role", nullable=False),
    words("rep_id"),
    words("language"),
    instant("created_at", nullable=False),
    instant("password_changed_at", nullable=False),
    instant("disabled_at"),
    words("oidc_subject", unique=True),
)
"""`rep_id`: which rep or manager the user is; decides the territory of these roles. `oidc_subject`: issuer and
subject of the OpenID provider's account, from the first login by it on."""

SESSIONS = Table(
    "sessions",
    METADATA,
    words("session_hash", primary_key=True),
    Column("user_id", PLAIN_TEXT, ForeignKey("users.user_id"), nullable=False, index=True),
    words("csrf_hash", nullable=False),
    instant("created_at", nullable=False),
    instant("last_seen_at", nullable=False),
    instant("expires_at", nullable=False),
)

LOGIN_ATTEMPTS = Table(
    "login_attempts",
    METADATA,
    words("subject", primary_key=True),
    Column("failures", Integer, nullable=False),
    instant("last_at", nullable=False),
    instant("blocked_until"),
)
"""`subject`: a hash of the login, or of login with address."""

AUDIT_LOG = Table(
    "audit_log",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    instant("at", nullable=False),
    words("actor", nullable=False),
    words("action", nullable=False),
    words("subject_kind"),
    words("subject"),
    words("request_id"),
    words("details"),
    sqlite_autoincrement=True,
)
"""Append-only. `details`: JSON, never personal data."""

Index("ix_audit_log_subject_kind_subject", AUDIT_LOG.c.subject_kind, AUDIT_LOG.c.subject)

IDEMPOTENCY_KEYS = Table(
    "idempotency_keys",
    METADATA,
    words("caller", primary_key=True),
    words("key", primary_key=True),
    words("request_hash", nullable=False),
    Column("status", Integer, nullable=False),
    words("headers", nullable=False),
    words("body", nullable=False),
    instant("created_at", nullable=False, index=True),
)
"""The response to each request with an `Idempotency-Key`, written in the transaction of its effect."""

ERASING = Table("erasing", METADATA, words("why", primary_key=True))
"""Empty except within a transaction that erases: while it holds a row, append-only tables may be changed."""
