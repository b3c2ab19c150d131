"""The index by which a week's decisions are found among those of years."""

from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_decisions_week", "decisions", ["week"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_decisions_week", table_name="decisions")
