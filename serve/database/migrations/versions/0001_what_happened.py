"""The tables of what happened, was answered, was decided."""

import sqlalchemy as sa
from alembic import op

from serve.database.append_only import protect, unprotect

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
GUARDED = ("events", "decisions", "decision_states")


def upgrade() -> None:
    for create in TABLES.values():
        create()
    protect(op.get_bind(), GUARDED)


def downgrade() -> None:
    unprotect(op.get_bind(), GUARDED)
    for name in reversed(TABLES):
        op.drop_table(name)


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name", TEXT),
        sa.Column("tier", TEXT),
        sa.Column("segment", TEXT),
        sa.Column("region", TEXT),
        sa.Column("owner_rep_id", TEXT),
        sa.Column("opened_on", sa.Date()),
        sa.Column("status", TEXT),
        sa.Column("status_since", sa.Date()),
        sa.Column("credit_grade", TEXT),
        sa.Column("attributes", TEXT),
        sa.Column("described", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("objected_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("account_id", name="pk_accounts"),
    )
    op.create_index("ix_accounts_owner_rep_id", "accounts", ["owner_rep_id"], unique=False)


def _contacts() -> None:
    op.create_table(
        "contacts",
        sa.Column("contact_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("name", TEXT),
        sa.Column("role", TEXT),
        sa.Column("influence", TEXT),
        sa.Column("phone", TEXT),
        sa.Column("birthday", TEXT),
        sa.Column("education", TEXT),
        sa.Column("home_town", TEXT),
        sa.Column("family", TEXT),
        sa.Column("character", TEXT),
        sa.Column("hobbies", TEXT),
        sa.Column("attributes", TEXT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("erased_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contacts"),
    )
    op.create_index("ix_contacts_account_id", "contacts", ["account_id"], unique=False)


def _reps() -> None:
    op.create_table(
        "reps",
        sa.Column("rep_id", TEXT, nullable=False),
        sa.Column("name", TEXT),
        sa.Column("manager_id", TEXT),
        sa.Column("region", TEXT),
        sa.Column("started_on", sa.Date()),
        sa.Column("left_on", sa.Date()),
        sa.Column("minutes_per_week", sa.Double()),
        sa.Column("stops_per_week", sa.Double()),
        sa.Column("budget_per_week", sa.Double()),
        sa.Column("absences", TEXT),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("rep_id", name="pk_reps"),
    )
    op.create_index("ix_reps_manager_id", "reps", ["manager_id"], unique=False)


def _events() -> None:
    op.create_table(
        "events",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("occurred_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("amount", sa.Double()),
        sa.Column("quantity", sa.Double()),
        sa.Column("lines", sa.Double()),
        sa.Column("minutes", sa.Double()),
        sa.Column("sentiment", sa.Double()),
        sa.Column("rep_id", TEXT),
        sa.Column("contact_id", TEXT),
        sa.Column("channel", TEXT),
        sa.Column("due_at", sa.BigInteger()),
        sa.Column("ref", TEXT),
        sa.Column("authenticity", sa.Double()),
        sa.Column("attributes", TEXT),
        sa.PrimaryKeyConstraint("account_id", "occurred_at", "event_id", name="pk_events"),
        sa.UniqueConstraint("event_id", name="uq_events_event_id"),
        sqlite_with_rowid=False,
    )


def _kinds_recorded() -> None:
    op.create_table(
        "kinds_recorded",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("first_known_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", name="pk_kinds_recorded"),
    )


def _database_info() -> None:
    op.create_table(
        "store_info",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_store_info"),
    )


def _erasing() -> None:
    op.create_table(
        "erasing", sa.Column("why", TEXT, nullable=False), sa.PrimaryKeyConstraint("why", name="pk_erasing")
    )


def _scores() -> None:
    op.create_table(
        "scores",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("cutoff", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("scored_at", sa.BigInteger(), nullable=False),
        sa.Column("eligible", sa.Boolean(), nullable=False),
        sa.Column("churn_probability", sa.Double()),
        sa.Column("band", TEXT),
        sa.Column("value_at_risk", sa.Double()),
        sa.Column("reasons", TEXT, nullable=False),
        sa.Column("warnings", TEXT, nullable=False),
        sa.Column("before_cutoff", sa.BigInteger()),
        sa.Column("before_model", TEXT),
        sa.Column("before_probability", sa.Double()),
        sa.Column("change_calendar", sa.Double()),
        sa.Column("change_data", sa.Double()),
        sa.Column("change_model", sa.Double()),
        sa.PrimaryKeyConstraint("account_id", "cutoff", "model", name="pk_scores"),
    )


def _latest_scores() -> None:
    op.create_table(
        "latest_scores",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("cutoff", sa.BigInteger(), nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("churn_probability", sa.Double()),
        sa.Column("band", TEXT),
        sa.Column("value_at_risk", sa.Double()),
        sa.PrimaryKeyConstraint("account_id", name="pk_latest_scores"),
    )
    op.create_index(
        "ix_latest_scores_churn_probability", "latest_scores", ["churn_probability", "account_id"], unique=False
    )


def _decisions() -> None:
    op.create_table(
        "decisions",
        sa.Column("decision_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("rep_id", TEXT),
        sa.Column("week", TEXT, nullable=False),
        sa.Column("cutoff", sa.BigInteger(), nullable=False),
        sa.Column("policy", TEXT, nullable=False),
        sa.Column("playbook", TEXT, nullable=False),
        sa.Column("model", TEXT),
        sa.Column("assigned", TEXT, nullable=False),
        sa.Column("probability", sa.Double()),
        sa.Column("eligible", TEXT, nullable=False),
        sa.Column("blocked", TEXT, nullable=False),
        sa.Column("coin", sa.Boolean()),
        sa.Column("must", sa.Boolean()),
        sa.Column("holdout", sa.Boolean()),
        sa.Column("evaluable", sa.Boolean()),
        sa.Column("features", TEXT),
        sa.Column("features_fingerprint", TEXT),
        sa.Column("receipt", TEXT),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decisions"),
    )
    op.create_index("ix_decisions_account_id", "decisions", ["account_id"], unique=False)
    op.create_index("ix_decisions_rep_id_week", "decisions", ["rep_id", "week"], unique=False)


def _decision_states() -> None:
    op.create_table(
        "decision_states",
        sa.Column("decision_id", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.Column("action", TEXT),
        sa.Column("reason", TEXT),
        sa.Column("verified", sa.Boolean()),
        sa.Column("outcome", TEXT),
        sa.Column("by", TEXT),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.decision_id"], name="fk_decision_states_decision_id"),
        sa.PrimaryKeyConstraint("decision_id", "number", name="pk_decision_states"),
    )


def _duties_done() -> None:
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


def _reviews() -> None:
    op.create_table(
        "reviews",
        sa.Column("review_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("decision_id", TEXT),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", TEXT, nullable=False),
        sa.Column("note", TEXT),
        sa.Column("resolved_at", sa.BigInteger()),
        sa.Column("resolved_by", TEXT),
        sa.Column("answer", TEXT),
        sa.PrimaryKeyConstraint("review_id", name="pk_reviews"),
    )
    op.create_index("ix_reviews_account_id", "reviews", ["account_id"], unique=False)


TABLES = {
    "accounts": _accounts,
    "contacts": _contacts,
    "reps": _reps,
    "events": _events,
    "kinds_recorded": _kinds_recorded,
    "store_info": _database_info,
    "erasing": _erasing,
    "scores": _scores,
    "latest_scores": _latest_scores,
    "decisions": _decisions,
    "decision_states": _decision_states,
    "duties_done": _duties_done,
    "reviews": _reviews,
}
