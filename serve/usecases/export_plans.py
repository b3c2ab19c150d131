"""Export the decisions of a week with their states and briefs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from kqml.calendar.business_time import moment_of
from kqml.contract.decisions import DecisionState
from kqml.contract.fields import field_names
from kqml.dataset.table_stream import TableFormat, write_batches
from models.policy.planning.plan_file import PARTS
from serve.database.export_rows import stream_week
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction
from serve.usecases.rendered_texts import rendered_brief
from serve.usecases.stored_rows import contract_fields
from serve.usecases.track_decisions import stored_receipt

Row = Mapping[str, Any]
WORDS = pa.string()
BRIEF = tuple(part for part in PARTS if part != "personal")
SCORE = ("churn_probability", "band", "value_at_risk")
PLAN_COLUMNS = pa.schema(
    [
        ("decision_id", WORDS),
        ("account_id", WORDS),
        ("account_name", WORDS),
        ("tier", WORDS),
        ("region", WORDS),
        ("rep_id", WORDS),
        ("week", WORDS),
        ("cutoff", WORDS),
        ("assigned", WORDS),
        ("reason", WORDS),
        ("must", pa.bool_()),
        ("probability", pa.float64()),
        ("explored", pa.bool_()),
        ("holdout", pa.bool_()),
        ("state", WORDS),
        ("at", WORDS),
        ("action", WORDS),
        ("states", WORDS),
        ("churn_probability", pa.float64()),
        ("band", WORDS),
        ("value_at_risk", pa.float64()),
        *((part, WORDS) for part in BRIEF),
        ("policy", WORDS),
        ("playbook", WORDS),
        ("model", WORDS),
        ("recorded_at", WORDS),
    ]
)
"""`state`, `at`, `action`: the latest state; `states`: all of them as JSON; the parts of the brief, a line for each
sentence."""
INSTANTS = ("cutoff", "at", "recorded_at")


@dataclass(frozen=True)
class ExportPlansRequest:
    """The decisions of a week. `reps`: whose; none for all."""

    territory: Territory
    week: str
    reps: Sequence[str]
    form: TableFormat
    language: str


def export_plans(transaction: Transaction, request: ExportPlansRequest, file: BinaryIO) -> int:
    """Write the decisions, by account; return how many. Accounts that object are left out."""
    batches = stream_week(transaction.connection, request.week, request.reps, request.territory)
    rows = ([_row(row, transaction.time_zone, request.language) for row in batch] for batch in batches)
    return write_batches(file, request.form, PLAN_COLUMNS, rows)


def _row(row: Row, zone: str, language: str) -> Row:
    receipt = stored_receipt(row) or {}
    brief, score = rendered_brief(receipt, language), receipt.get("score")
    lines = brief if isinstance(brief, dict) else {}
    states = [contract_fields(state, field_names(DecisionState), zone) for state in row["states"]]
    return {
        **{name: row.get(name) for name in PLAN_COLUMNS.names},
        **{name: moment_of(row[name], zone).isoformat() for name in INSTANTS},
        **{name: score.get(name) if isinstance(score, dict) else None for name in SCORE},
        **{part: "\n".join(lines.get(part, ())) or None for part in BRIEF},
        "states": orjson.dumps(states).decode(),
    }
