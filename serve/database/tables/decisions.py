"""The tables of scores, decisions and reviews."""

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, Table

from serve.database.tables.metadata import METADATA, PLAIN_TEXT, instant, words

SCORES = Table(
    "scores",
    METADATA,
    words("account_id", primary_key=True),
    instant("cutoff", primary_key=True, autoincrement=False),
    words("model", primary_key=True),
    instant("scored_at", nullable=False),
    Column("eligible", Boolean, nullable=False),
    Column("churn_probability", Double),
    words("band"),
    Column("value_at_risk", Double),
    words("reasons", nullable=False),
    words("warnings", nullable=False),
    instant("before_cutoff"),
    words("before_model"),
    Column("before_probability", Double),
    Column("change_calendar", Double),
    Column("change_data", Double),
    Column("change_model", Double),
)
"""Every nightly score. `reasons`, `warnings`: the API's lists as JSON. The score before it and, where both are
numbers, the parts of the difference, which add up to it."""

LATEST_SCORES = Table(
    "latest_scores",
    METADATA,
    words("account_id", primary_key=True),
    instant("cutoff", nullable=False),
    words("model", nullable=False),
    instant("scored_at", nullable=False),
    Column("churn_probability", Double),
    words("band"),
    Column("value_at_risk", Double),
)
"""Each account's newest score in short: what lists are filtered and sorted by."""

Index("ix_latest_scores_churn_probability", LATEST_SCORES.c.churn_probability, LATEST_SCORES.c.account_id)
Index("ix_latest_scores_scored_at", LATEST_SCORES.c.scored_at, LATEST_SCORES.c.account_id)

ACCOUNT_GRADES = Table(
    "account_grades",
    METADATA,
    words("account_id", primary_key=True),
    instant("cutoff", nullable=False),
    words("level"),
    Column("single_contact", Boolean),
    Column("emotional_balance", Double),
    words("relationship_grade"),
    words("abc"),
    words("overall_class"),
)
"""Each account's newest grades, computed with the scores of all accounts: the class `abc` ranks them among each other.
Columns as in `kqml.grades.account_grades`."""

DECISIONS = Table(
    "decisions",
    METADATA,
    words("decision_id", primary_key=True),
    words("account_id", nullable=False, index=True),
    words("rep_id"),
    words("week", nullable=False),
    instant("cutoff", nullable=False),
    words("policy", nullable=False),
    words("playbook", nullable=False),
    words("model"),
    words("assigned", nullable=False),
    Column("probability", Double),
    words("eligible", nullable=False),
    words("blocked", nullable=False),
    Column("explored", Boolean),
    Column("must", Boolean),
    Column("holdout", Boolean),
    Column("evaluable", Boolean),
    words("features"),
    words("features_fingerprint"),
    words("receipt"),
    instant("recorded_at", nullable=False),
)
"""Append-only; columns as in a decision log's `decisions.parquet`. `features`: the feature row as JSON, an object or
the numbers alone, whose names are the `columns` of what its receipt names as `learned`. `receipt`: what else
re-creates the answer, as JSON."""

Index("ix_decisions_rep_id_week", DECISIONS.c.rep_id, DECISIONS.c.week)
Index("ix_decisions_week", DECISIONS.c.week)

DECISION_STATES = Table(
    "decision_states",
    METADATA,
    Column("decision_id", PLAIN_TEXT, ForeignKey("decisions.decision_id"), primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    words("state", nullable=False),
    instant("at", nullable=False),
    instant("known_at", nullable=False),
    words("action"),
    words("reason"),
    Column("verified", Boolean),
    words("outcome"),
    words("by"),
)
"""Append-only. `number` counts a decision's states from 0. `outcome`: JSON. `by`: who reported it."""

Index("ix_decision_states_known_at", DECISION_STATES.c.known_at, DECISION_STATES.c.decision_id)

DUTIES_DECLARED = Table(
    "duties_declared",
    METADATA,
    Column("number", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True),
    words("duty_id", nullable=False),
    words("owner", nullable=False, index=True),
    words("duty", nullable=False),
    words("state", nullable=False),
    instant("at", nullable=False),
    instant("known_at", nullable=False),
    words("note"),
    words("by", nullable=False),
    sqlite_autoincrement=True,
)
"""Append-only. What people said of duties, named as `kqml.duties.overrides` does; those that events fulfil are never
stored. `owner`: the account, else the rep. No contact is named, so that erasing one leaves nothing here."""

REVIEWS = Table(
    "reviews",
    METADATA,
    words("review_id", primary_key=True),
    words("account_id", nullable=False, index=True),
    words("decision_id"),
    instant("asked_at", nullable=False),
    words("asked_by", nullable=False),
    words("note"),
    instant("resolved_at"),
    words("resolved_by"),
    words("answer"),
)
"""Requests that a person look at an automated answer (PIPL art. 24)."""

WEEK_UPDATES = Table(
    "week_updates",
    METADATA,
    words("account_id", primary_key=True),
    instant("requested_at", nullable=False),
)
"""Accounts whose running week is to be looked at again, because an event may require an action."""
