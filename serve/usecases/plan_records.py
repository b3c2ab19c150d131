"""A planned week as the database stores it: decisions with receipts, learned values, messages."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pandas as pd
import pyarrow as pa
from sqlalchemy import Connection

from kqml.errors import Fault, Refused
from models.policy.brief.inputs import read_brief_inputs
from models.policy.planning.decision_rows import decision_rows, state_rows
from models.policy.planning.feature_rows import FeatureMatrix, row_fingerprint
from models.policy.planning.learned_state import fingerprint_of, learned_state_json
from models.policy.planning.plan_summary import recommended_actions
from models.policy.planning.plan_week import PlannedWeek
from models.policy.planning.receipts import build_receipts
from serve.database.decisions import add_decisions
from serve.database.learned import LearnedRow, add_learned
from serve.webhooks.message_types import plan_created
from serve.webhooks.outbox import enqueue

Row = Mapping[str, Any]

TODO = "plan with the data, model, playbook of then"


@dataclass(frozen=True)
class PlanRecord:
    """What a planned week adds to the database."""

    decisions: Sequence[Row]
    learned: LearnedRow


def plan_record(planned: PlannedWeek, features: FeatureMatrix | None, model: str | None, by: str) -> PlanRecord:
    """Return the rows of a plan, without personal days. `model`: version with fingerprint; `by`: the author of the
    decisions."""
    plan, company = planned.plan, planned.plan.company
    content = learned_state_json(planned.learned, company.playbook)
    columns = () if features is None else features.columns
    learned = LearnedRow(fingerprint_of(content), model, company.playbook.version, company.cutoff, columns, content)
    who = recommended_actions(plan)
    material = read_brief_inputs(company, [str(company.account_ids[index]) for index in who], personal=False)
    receipts = build_receipts(planned, material, learned.fingerprint)
    table = decision_rows(plan, model)
    reasons = state_rows(plan, table)["reason"].to_pylist()
    result = _features(planned, features, table["account_id"])
    plain = table.set_column(table.column_names.index("cutoff"), "cutoff", table["cutoff"].cast(pa.int64()))
    rows = [
        {**row, **feature, "receipt": orjson.dumps(receipt).decode(), "reason": reason, "by": by}
        for row, feature, receipt, reason in zip(plain.to_pylist(), result, receipts, reasons, strict=True)
    ]
    return PlanRecord(rows, learned)


def store_plan(connection: Connection, decisions: Sequence[Row], now: int, learned: LearnedRow | None = None) -> None:
    """Write decisions (rows of `serve.database.decisions.add_decisions`), a message for each rep's week, and the
    learned values."""
    if learned is not None:
        add_learned(connection, learned, now)
    add_decisions(connection, decisions, now)
    weeks = Counter((row.get("rep_id"), row["week"], row["policy"]) for row in decisions)
    enqueue(connection, [plan_created(*week, count, now) for week, count in weeks.items()], now)


def compare_plans(stored: Sequence[Row], output: Sequence[Row], week: str) -> None:
    """Raise Refused with every column in which the decisions of a week differ from the stored ones; briefs are not
    compared, because they also use present tables."""
    before, now = ({row["decision_id"]: _without_brief(row) for row in rows} for rows in (stored, output))
    faults = [
        Fault(f"decisions {what}", f"{len(some)} accounts, the first {some[0]!r}", TODO)
        for what, some in (
            ("that are stored alone", [row["account_id"] for name, row in before.items() if name not in now]),
            ("that would be made alone", [row["account_id"] for name, row in now.items() if name not in before]),
        )
        if some
    ]
    shared = [(before[name], row) for name, row in now.items() if name in before]
    for column in output[0] if output else ():
        different = [row["account_id"] for was, row in shared if was[column] != row[column]]
        if different:
            message = f"is not the same for {len(different)} accounts, the first {different[0]!r}"
            faults.append(Fault(f"decisions {column}", message, TODO))
    if faults:
        raise Refused(f"Week {week} would not be decided as the database holds it.", faults)


def _without_brief(row: Row) -> Row:
    """The brief is the last of a receipt; within texts its name would be escaped."""
    return {**row, "receipt": (row["receipt"] or "").rpartition(',"brief":')[0]}


def _features(planned: PlannedWeek, features: FeatureMatrix | None, accounts: pa.ChunkedArray) -> list[dict[str, Any]]:
    """Per decision its feature row: the numbers alone, JSON; none where no model answers."""
    empty = {"features": None, "features_fingerprint": None}
    if features is None:
        return [empty] * len(accounts)
    ids = pd.Index(planned.plan.company.dataset.event_log().accounts)
    indices = ids.get_indexer(pd.Index(accounts.to_pylist())).tolist()
    return [
        {
            "features": orjson.dumps(features.values[index], option=orjson.OPT_SERIALIZE_NUMPY).decode(),
            "features_fingerprint": row_fingerprint(features.columns, features.values[index]),
        }
        if features.known[index]
        else empty
        for index in indices
    ]
