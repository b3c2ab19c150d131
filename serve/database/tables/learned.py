"""The table of learned values and effects."""

from sqlalchemy import Index, Table

from serve.database.tables.metadata import METADATA, instant, words

LEARNED = Table(
    "learned",
    METADATA,
    words("fingerprint", primary_key=True),
    words("model"),
    words("playbook", nullable=False),
    instant("cutoff", nullable=False),
    instant("learned_at", nullable=False),
    words("columns", nullable=False),
    words("content", nullable=False),
)
"""Append-only: what weeks were decided by beside the model, null where there was none. `columns`: JSON list of the
feature rows' names. `content`: as `models.policy.planning.learned_state` writes it, the playbook in it."""

Index("ix_learned_model_cutoff", LEARNED.c.model, LEARNED.c.cutoff)
