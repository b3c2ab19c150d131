"""The table of what people said of duties, in the place of one that nothing ever wrote to."""

import sqlalchemy as sa
from alembic import op

from serve.database.append_only import protect, unprotect

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDED = ("duties_declared",)


def upgrade() -> None:
    op.drop_table("duties_done")
    op.create_table(
        "duties_declared",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("duty_id", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("duty", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("note", TEXT),
        sa.Column("by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("number", name="pk_duties_declared"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_duties_declared_owner", "duties_declared", ["owner"], unique=False)
    protect(op.get_bind(), GUARDED)


def downgrade() -> None:
    unprotect(op.get_bind(), GUARDED)
    op.drop_table("duties_declared")
    op.create_table(
        "duties_done",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("duty", TEXT, nullable=False),
        sa.Column("due_by", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("rep_id", TEXT),
        sa.Column("channel", TEXT),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("note", TEXT),
        sa.Column("by", TEXT),
        sa.PrimaryKeyConstraint("account_id", "duty", "due_by", name="pk_duties_done"),
    )
