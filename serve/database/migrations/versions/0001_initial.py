"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

from serve.database.append_only import protect, unprotect

revision = "0001_initial"
down_revision = None
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GUARDED = ("events", "decisions", "decision_states", "audit_log", "duties_declared", "learned")


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
        sa.Column("visit_weekdays", TEXT),
        sa.Column("visit_time", TEXT),
        sa.Column("route", TEXT),
        sa.Column("opening_hours", TEXT),
        sa.Column("latitude", sa.Double()),
        sa.Column("longitude", sa.Double()),
        sa.Column("attributes", TEXT),
        sa.Column("described", sa.Boolean(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("objected_at", sa.BigInteger()),
        sa.Column("erased_at", sa.BigInteger()),
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
        sa.Column("scored_at", sa.BigInteger(), nullable=False),
        sa.Column("churn_probability", sa.Double()),
        sa.Column("band", TEXT),
        sa.Column("value_at_risk", sa.Double()),
        sa.PrimaryKeyConstraint("account_id", name="pk_latest_scores"),
    )
    op.create_index(
        "ix_latest_scores_churn_probability", "latest_scores", ["churn_probability", "account_id"], unique=False
    )
    op.create_index("ix_latest_scores_scored_at", "latest_scores", ["scored_at", "account_id"], unique=False)


def _account_grades() -> None:
    op.create_table(
        "account_grades",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("cutoff", sa.BigInteger(), nullable=False),
        sa.Column("level", TEXT),
        sa.Column("single_contact", sa.Boolean()),
        sa.Column("emotional_balance", sa.Double()),
        sa.Column("relationship_grade", TEXT),
        sa.Column("abc", TEXT),
        sa.Column("overall_class", TEXT),
        sa.PrimaryKeyConstraint("account_id", name="pk_account_grades"),
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
        sa.Column("explored", sa.Boolean()),
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
    op.create_index("ix_decisions_week", "decisions", ["week"], unique=False)


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
    op.create_index("ix_decision_states_known_at", "decision_states", ["known_at", "decision_id"], unique=False)


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


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("key_id", TEXT, nullable=False),
        sa.Column("secret_hash", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("scopes", TEXT, nullable=False),
        sa.Column("rep_id", TEXT),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", TEXT),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("last_used_at", sa.BigInteger()),
        sa.Column("revoked_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("key_id", name="pk_api_keys"),
        sa.UniqueConstraint("secret_hash", name="uq_api_keys_secret_hash"),
    )


def _users() -> None:
    op.create_table(
        "users",
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("login", TEXT, nullable=False),
        sa.Column("password_hash", TEXT, nullable=False),
        sa.Column("role", TEXT, nullable=False),
        sa.Column("rep_id", TEXT),
        sa.Column("language", TEXT),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("password_changed_at", sa.BigInteger(), nullable=False),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.Column("oidc_subject", TEXT),
        sa.PrimaryKeyConstraint("user_id", name="pk_users"),
        sa.UniqueConstraint("login", name="uq_users_login"),
        sa.UniqueConstraint("oidc_subject", name="uq_users_oidc_subject"),
    )


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("session_hash", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("csrf_hash", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["user_id"], ["users.user_id"], name="fk_sessions_user_id"),
        sa.PrimaryKeyConstraint("session_hash", name="pk_sessions"),
    )
    op.create_index("ix_sessions_user_id", "sessions", ["user_id"], unique=False)


def _login_attempts() -> None:
    op.create_table(
        "login_attempts",
        sa.Column("subject", TEXT, nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("blocked_until", sa.BigInteger()),
        sa.PrimaryKeyConstraint("subject", name="pk_login_attempts"),
    )


def _audit_log() -> None:
    op.create_table(
        "audit_log",
        sa.Column("number", NUMBER, autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("subject_kind", TEXT),
        sa.Column("subject", TEXT),
        sa.Column("request_id", TEXT),
        sa.Column("details", TEXT),
        sa.PrimaryKeyConstraint("number", name="pk_audit_log"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_log_subject_kind_subject", "audit_log", ["subject_kind", "subject"], unique=False)


def _idempotency_keys() -> None:
    op.create_table(
        "idempotency_keys",
        sa.Column("caller", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("request_hash", TEXT, nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("headers", TEXT, nullable=False),
        sa.Column("body", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("caller", "key", name="pk_idempotency_keys"),
    )
    op.create_index("ix_idempotency_keys_created_at", "idempotency_keys", ["created_at"], unique=False)


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name="pk_outbox"),
    )
    op.create_index("ix_outbox_created_at", "outbox", ["created_at"], unique=False)


def _webhooks() -> None:
    op.create_table(
        "webhooks",
        sa.Column("webhook_id", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("kinds", TEXT, nullable=False),
        sa.Column("secrets", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("created_by", TEXT),
        sa.Column("disabled_at", sa.BigInteger()),
        sa.PrimaryKeyConstraint("webhook_id", name="pk_webhooks"),
    )


def _deliveries() -> None:
    op.create_table(
        "deliveries",
        sa.Column("message_id", TEXT, nullable=False),
        sa.Column("webhook_id", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_at", sa.BigInteger()),
        sa.Column("delivered_at", sa.BigInteger()),
        sa.Column("dead_at", sa.BigInteger()),
        sa.Column("fault", TEXT),
        sa.ForeignKeyConstraint(["message_id"], ["outbox.message_id"], name="fk_deliveries_message_id"),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.webhook_id"], name="fk_deliveries_webhook_id"),
        sa.PrimaryKeyConstraint("message_id", "webhook_id", name="pk_deliveries"),
    )
    op.create_index("ix_deliveries_next_at", "deliveries", ["next_at"], unique=False)


def _overdue_notices() -> None:
    op.create_table(
        "overdue_notices",
        sa.Column("webhook_id", TEXT, nullable=False),
        sa.Column("duty", TEXT, nullable=False),
        sa.Column("noted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["webhook_id"], ["webhooks.webhook_id"], name="fk_overdue_notices_webhook_id"),
        sa.PrimaryKeyConstraint("webhook_id", "duty", name="pk_overdue_notices"),
    )
    op.create_index("ix_overdue_notices_noted_at", "overdue_notices", ["noted_at"], unique=False)


def _contact_keys() -> None:
    op.create_table(
        "contact_keys",
        sa.Column("contact_id", TEXT, nullable=False),
        sa.Column("sealed_key", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("contact_id", name="pk_contact_keys"),
    )


def _duties_declared() -> None:
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


def _learned() -> None:
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


def _week_updates() -> None:
    op.create_table(
        "week_updates",
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("requested_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account_id", name="pk_week_updates"),
    )


def _decision_contacts() -> None:
    op.create_table(
        "decision_contacts",
        sa.Column("decision_id", TEXT, nullable=False),
        sa.Column("event_id", TEXT, nullable=False),
        sa.Column("reported", sa.Boolean(), nullable=False),
        sa.Column("dated", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.decision_id"], name="fk_decision_contacts_decision_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_decision_contacts"),
    )
    op.create_index("ix_decision_contacts_event_id", "decision_contacts", ["event_id"], unique=False)


def _contact_notes() -> None:
    op.create_table(
        "contact_notes",
        sa.Column("decision_id", TEXT, nullable=False),
        sa.Column("account_id", TEXT, nullable=False),
        sa.Column("contact_id", TEXT, nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("business", TEXT, nullable=False),
        sa.Column("personal", TEXT, nullable=True),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("known_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["decision_id"], ["decisions.decision_id"], name="fk_contact_notes_decision_id"),
        sa.PrimaryKeyConstraint("decision_id", name="pk_contact_notes"),
    )
    op.create_index("ix_contact_notes_contact_id", "contact_notes", ["contact_id"], unique=False)
    op.create_index("ix_contact_notes_account_id_at", "contact_notes", ["account_id", "at"], unique=False)


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
    "account_grades": _account_grades,
    "decisions": _decisions,
    "decision_states": _decision_states,
    "reviews": _reviews,
    "api_keys": _api_keys,
    "users": _users,
    "sessions": _sessions,
    "login_attempts": _login_attempts,
    "audit_log": _audit_log,
    "idempotency_keys": _idempotency_keys,
    "outbox": _outbox,
    "webhooks": _webhooks,
    "deliveries": _deliveries,
    "overdue_notices": _overdue_notices,
    "contact_keys": _contact_keys,
    "duties_declared": _duties_declared,
    "learned": _learned,
    "week_updates": _week_updates,
    "decision_contacts": _decision_contacts,
    "contact_notes": _contact_notes,
}
