"""Export the newest stored score of each account with its reasons."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, BinaryIO

import orjson
import pyarrow as pa

from kqml.calendar.business_time import moment_of
from kqml.dataset.table_stream import TableFormat, write_batches
from kqml.messages import text
from serve.database.export_rows import stream_scores
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction
from serve.usecases.rendered_texts import rendered_score

Row = Mapping[str, Any]
WORDS = pa.string()
SCORE_COLUMNS = pa.schema(
    [
        ("account_id", WORDS),
        ("account_name", WORDS),
        ("tier", WORDS),
        ("segment", WORDS),
        ("region", WORDS),
        ("rep_id", WORDS),
        ("eligible", pa.bool_()),
        ("churn_probability", pa.float64()),
        ("band", WORDS),
        ("value_at_risk", pa.float64()),
        ("why", WORDS),
        ("reasons", WORDS),
        ("warnings", WORDS),
        ("as_of", WORDS),
        ("scored_at", WORDS),
        ("model", WORDS),
    ]
)
"""`why`: what raises the probability, in words; `reasons`: all reasons as JSON."""


@dataclass(frozen=True)
class ExportScoresRequest:
    """Which scores. `filters`: name of `serve.database.listing.FILTERS` → values, any of which matches."""

    territory: Territory
    filters: Mapping[str, Sequence[str]]
    form: TableFormat
    language: str


def export_scores(transaction: Transaction, request: ExportScoresRequest, file: BinaryIO) -> int:
    """Write the scores, by account; return how many."""
    batches = stream_scores(transaction.connection, request.filters, request.territory)
    rows = ([_row(row, transaction.time_zone, request.language) for row in batch] for batch in batches)
    return write_batches(file, request.form, SCORE_COLUMNS, rows)


def _row(row: Row, zone: str, language: str) -> Row:
    score, separator = rendered_score(row, language), text("reasons.role.separator", language)
    raising = [reason["text"] for reason in score["reasons"] if reason["direction"] == "rising"]
    return {
        **{name: score.get(name) for name in SCORE_COLUMNS.names},
        "account_name": row["name"],
        "rep_id": row["owner_rep_id"],
        "why": separator.join(raising),
        "reasons": orjson.dumps(score["reasons"]).decode(),
        "warnings": separator.join(score["warnings"]),
        "as_of": moment_of(row["cutoff"], zone).isoformat(),
        "scored_at": moment_of(row["scored_at"], zone).isoformat(),
    }
