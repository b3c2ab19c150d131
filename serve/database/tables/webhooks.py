"""The tables of webhooks, messages and deliveries."""

from sqlalchemy import Column, ForeignKey, Index, Integer, Table

from serve.database.tables.metadata import METADATA, PLAIN_TEXT, instant, words

OUTBOX = Table(
    "outbox",
    METADATA,
    words("message_id", primary_key=True),
    words("kind", nullable=False),
    words("payload", nullable=False),
    instant("created_at", nullable=False, index=True),
)
"""Messages, written in the transaction of the change that they tell of. `payload`: JSON."""

WEBHOOKS = Table(
    "webhooks",
    METADATA,
    words("webhook_id", primary_key=True),
    words("url", nullable=False),
    words("kinds", nullable=False),
    words("secrets", nullable=False),
    instant("created_at", nullable=False),
    words("created_by"),
    instant("disabled_at"),
)
"""`kinds`: JSON list of message kinds. `secrets`: sealed JSON list, the newest first."""

DELIVERIES = Table(
    "deliveries",
    METADATA,
    Column("message_id", PLAIN_TEXT, ForeignKey("outbox.message_id"), primary_key=True),
    Column("webhook_id", PLAIN_TEXT, ForeignKey("webhooks.webhook_id"), primary_key=True),
    Column("attempts", Integer, nullable=False),
    instant("next_at"),
    instant("delivered_at"),
    instant("dead_at"),
    words("fault"),
)
"""One message on its way to one webhook. `next_at` is null once delivered or dead; `fault`: why the last try failed."""

Index("ix_deliveries_next_at", DELIVERIES.c.next_at)

OVERDUE_NOTICES = Table(
    "overdue_notices",
    METADATA,
    Column("webhook_id", PLAIN_TEXT, ForeignKey("webhooks.webhook_id"), primary_key=True),
    words("duty", primary_key=True),
    instant("noted_at", nullable=False, index=True),
)
"""The overdue duties that a webhook was told of. `duty`: a fingerprint."""
