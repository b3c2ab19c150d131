"""The table of what weeks were decided by."""

import sqlalchemy as sa
from alembic import op

from serve.database.append_only import protect, unprotect

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
GUARDED = ("learned",)


def upgrade() -> None:
    op.create_table(
        "learned",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("model", TEXT),
        sa.Column("playbook", TEXT, nullable=False),
        sa.Column("cutoff", sa.BigInteger(), nullable=False),
        sa.Column("learned_at", sa.BigInteger(), nullable=False),
        sa.Column("columns", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_learned"),
    )
    op.create_index("ix_learned_model_cutoff", "learned", ["model", "cutoff"], unique=False)
    protect(op.get_bind(), GUARDED)


def downgrade() -> None:
    unprotect(op.get_bind(), GUARDED)
    op.drop_table("learned")
