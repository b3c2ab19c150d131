"""The table of the keys that contacts' personal fields are sealed with."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "contact_keys",
        sa.Column("contact_id", TEXT, nullable=False),
        sa.Column("sealed_key", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact_keys"),
    )


def downgrade() -> None:
    op.drop_table("contact_keys")
