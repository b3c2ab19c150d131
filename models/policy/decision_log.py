"""The decision log of planned weeks: appended to, read again, compared bit for bit."""

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from kqml.errors import CouldNot, Fault, Refused
from kqml.tables import INSTANT, NUMBER, TEXT
from models.allocation.problem import Floats, Places
from models.effects.decision_log import DecisionLog, read_decision_log
from models.guardrails.logged import log_columns
from models.policy.week import POLICY, WeekPlan, reasons_given

DECISIONS, STATES, FEATURES = "decisions.parquet", "decision_states.parquet", "decision_features.parquet"

DECISION_SCHEMA = pa.schema(
    {
        "decision_id": TEXT,
        "account_id": TEXT,
        "rep_id": TEXT,
        "week": TEXT,
        "cutoff": INSTANT,
        "policy": TEXT,
        "playbook": TEXT,
        "model": TEXT,
        "assigned": TEXT,
        "probability": NUMBER,
        "eligible": TEXT,
        "blocked": TEXT,
        "coin": pa.bool_(),
        "must": pa.bool_(),
        "holdout": pa.bool_(),
        "evaluable": pa.bool_(),
    }
)
STATE_SCHEMA = pa.schema(
    {
        "decision_id": TEXT,
        "state": TEXT,
        "at": INSTANT,
        "known_at": INSTANT,
        "action": TEXT,
        "reason": TEXT,
        "verified": pa.bool_(),
    }
)


def decision_ids(account_ids: NDArray[np.object_], week: str) -> NDArray[np.object_]:
    """One decision for each account and week, hence their digest."""
    texts = (hashlib.blake2b(f"{week}\x1f{one}".encode(), digest_size=12).hexdigest() for one in account_ids.tolist())
    return np.array([f"D{text}" for text in texts], dtype=object)


def decision_rows(plan: WeekPlan, model: str | None) -> pa.Table:
    """A row for each account that was decided, by DECISION_SCHEMA; `model`: version and fingerprint."""
    who, company, week = np.flatnonzero(plan.decided), plan.company, plan.week
    ids = company.account_ids[who]
    eligible, blocked = log_columns(plan.guarded, plan.actions)
    kept = plan.problem.must & ~plan.problem.must_blocked
    count = len(who)
    return pa.table(
        {
            "decision_id": pa.array(decision_ids(ids, company.week_name), TEXT),
            "account_id": pa.array(ids, TEXT),
            "rep_id": pa.array(np.array(company.rep_ids, dtype=object)[company.owner[who]], TEXT),
            "week": pa.array([company.week_name] * count, TEXT),
            "cutoff": pa.array(np.full(count, company.cutoff)).cast(INSTANT),
            "policy": pa.array([POLICY] * count, TEXT),
            "playbook": pa.array([company.playbook.version] * count, TEXT),
            "model": pa.array([model] * count, TEXT),
            "assigned": pa.array(np.array(plan.actions, dtype=object)[week.assigned[who]], TEXT),
            "probability": week.probability[who],
            "eligible": pa.array(eligible[who], TEXT),
            "blocked": pa.array(blocked[who], TEXT),
            "coin": week.coin[who],
            "must": kept[who],
            "holdout": plan.held[who],
            "evaluable": week.evaluable[who],
        },
        schema=DECISION_SCHEMA,
    )


def state_rows(plan: WeekPlan, decisions: pa.Table) -> pa.Table:
    """The first state of each decision: recommended at the cutoff, why."""
    why = reasons_given(plan)[np.flatnonzero(plan.decided)].astype(object)
    count = len(decisions)
    return pa.table(
        {
            "decision_id": decisions["decision_id"],
            "state": pa.array(["recommended"] * count, TEXT),
            "at": decisions["cutoff"],
            "known_at": decisions["cutoff"],
            "action": decisions["assigned"],
            "reason": pa.array(why, TEXT),
            "verified": pa.nulls(count, pa.bool_()),
        },
        schema=STATE_SCHEMA,
    )


class FeatureRows:
    """Collects the feature rows of a pass on disk, so that they are in memory part by part."""

    def __init__(self, path: Path, account_ids: NDArray[np.object_], week: str, columns: tuple[str, ...]) -> None:
        self.path = path
        self._ids, self._week, self._columns = account_ids, week, columns
        self._schema = pa.schema({"decision_id": TEXT, **dict.fromkeys(columns, NUMBER)})
        self._writer = pq.ParquetWriter(path, self._schema, compression="zstd")

    def __call__(self, accounts: Places, values: Floats) -> None:
        ids = pa.array(decision_ids(self._ids[accounts], self._week), TEXT)
        columns = [pa.array(np.ascontiguousarray(column)) for column in values.T]
        self._writer.write_table(pa.table([ids, *columns], schema=self._schema))

    def close(self) -> None:
        self._writer.close()


@contextmanager
def feature_rows(
    folder: Path | None, account_ids: NDArray[np.object_], week: str, columns: tuple[str, ...]
) -> Iterator[FeatureRows | None]:
    """A draft of the week's feature rows beside the log, gone afterwards; None where there is no log."""
    if folder is None:
        yield None
        return
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{FEATURES}.{os.getpid()}"
    rows = FeatureRows(draft, account_ids, week, columns)
    try:
        yield rows
    finally:
        rows.close()
        draft.unlink(missing_ok=True)


def has_week(folder: Path, week: str) -> bool:
    """Whether a week planned by this policy is in the log of a folder."""
    path = folder / DECISIONS
    if not path.is_file():
        return False
    return bool(pc.any(pc.equal(pq.read_table(path, columns=["week"])["week"], week)).as_py())


def append_week(folder: Path, decisions: pa.Table, states: pa.Table, features: Path | None) -> None:
    """Adds a week to the log whole or not at all: the decisions come last. Raises CouldNot where the disk refuses."""
    drafts: list[tuple[Path, Path]] = []
    try:
        if features is not None:
            drafts.append(_draft(folder / FEATURES, _features_after(folder, features)))
        drafts.append(_draft(folder / STATES, [*_tables(folder / STATES, STATE_SCHEMA), states]))
        drafts.append(_draft(folder / DECISIONS, [*_tables(folder / DECISIONS, DECISION_SCHEMA), decisions]))
        for draft, path in drafts:
            draft.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise CouldNot(f"The decision log in {folder} cannot be written: {error}.") from error
    finally:
        for draft, _ in drafts:
            draft.unlink(missing_ok=True)


def replay(folder: Path, decisions: pa.Table, features: Path | None) -> None:
    """Compares a week with what the log holds of it. Raises Refused naming every column that is not the same bits."""
    week = decisions["week"][0].as_py()
    stored = pq.read_table(folder / DECISIONS).select(DECISION_SCHEMA.names).cast(DECISION_SCHEMA)
    stored = stored.filter(pc.equal(stored["week"], week)).sort_by("decision_id")
    faults = _differences(stored, decisions.sort_by("decision_id"), str(folder / DECISIONS))
    if features is not None and (folder / FEATURES).is_file():
        faults += _feature_differences(folder / FEATURES, features)
    if faults:
        raise Refused(f"Week {week} would not be decided as the log holds it.", faults)


def receipt(folder: Path, decision_id: str) -> dict[str, Any]:
    """A decision with its states and the fingerprint of its feature row. Raises Refused where the log has none such."""
    own = pc.equal(pc.field("decision_id"), decision_id)
    found = pq.read_table(folder / DECISIONS, filters=own).to_pylist()
    if not found:
        raise Refused("There is no such decision.", [Fault("decision_id", repr(decision_id), "name one of the log")])
    states = pq.read_table(folder / STATES, filters=own).sort_by("at").to_pylist()
    features = pq.read_table(folder / FEATURES, filters=own) if (folder / FEATURES).is_file() else None
    row = fingerprint(features) if features is not None and len(features) else None
    return {**found[0], "states": states, "features": row}


def fingerprint(features: pa.Table) -> str:
    """sha256 of the names and bits of feature rows."""
    digest = hashlib.sha256("\x1f".join(features.column_names).encode())
    for name in features.column_names[1:]:
        digest.update(features[name].to_numpy().tobytes())
    return digest.hexdigest()


def _tables(path: Path, schema: pa.Schema) -> list[pa.Table]:
    return [pq.read_table(path).select(schema.names).cast(schema)] if path.is_file() else []


def _draft(path: Path, tables: "Iterator[pa.Table] | list[pa.Table]") -> tuple[Path, Path]:
    draft = path.with_name(f".{path.name}.{os.getpid()}.new")
    writer: pq.ParquetWriter | None = None
    for table in tables:
        writer = writer or pq.ParquetWriter(draft, table.schema, compression="zstd")
        writer.write_table(table)
    if writer is not None:
        writer.close()
    return draft, path


def _features_after(folder: Path, draft: Path) -> Iterator[pa.Table]:
    """Earlier rows, then the new ones, part by part; a model with other columns gets them beside the earlier ones."""
    files = [pq.ParquetFile(path) for path in (folder / FEATURES, draft) if path.is_file()]
    schema = pa.unify_schemas([file.schema_arrow for file in files])
    for file in files:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            absent = [name for name in schema.names if name not in table.column_names]
            for name in absent:
                table = table.append_column(name, pa.nulls(len(table), NUMBER))
            yield table.select(schema.names).cast(schema)


def _differences(stored: pa.Table, made: pa.Table, where: str) -> list[Fault]:
    if len(stored) != len(made):
        told = f"holds {len(stored)} decisions of the week, {len(made)} would be made"
        return [Fault(where, told, "plan with the data, model, playbook of then")]
    different = [name for name in made.column_names if not stored[name].equals(made[name])]
    return [
        Fault(f"{where} {name}", "is not the same", "plan with the data, model, playbook of then") for name in different
    ]


def _feature_differences(path: Path, draft: Path) -> list[Fault]:
    made = pq.read_table(draft).sort_by("decision_id")
    own = pc.field("decision_id").isin(made["decision_id"].combine_chunks())
    stored = pq.read_table(path, filters=own).sort_by("decision_id")
    shared = [name for name in made.column_names if name in stored.column_names]
    if len(shared) == len(made.column_names) and fingerprint(stored.select(shared)) == fingerprint(made.select(shared)):
        return []
    return [Fault(str(path), "the feature rows are not the same bits", "plan with the data and model of then")]


def read_log(folder: Path) -> DecisionLog | None:
    """Earlier decisions with their states, instants as microseconds; None where the folder has no log yet."""
    if not (folder / DECISIONS).is_file():
        return None
    log = read_decision_log(folder)
    states = pd.DataFrame(pq.read_table(folder / STATES).to_pandas())
    for name in ("at", "known_at"):
        states[name] = states[name].astype("datetime64[us, UTC]").astype("int64")
    return DecisionLog(log.decisions, states.sort_values(["decision_id", "at"], kind="stable", ignore_index=True))
