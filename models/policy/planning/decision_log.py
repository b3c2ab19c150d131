"""The decision log of planned weeks: append, read, replay."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from kqml.dataset.tables import NUMBER
from kqml.errors import CouldNot, Fault, Refused
from models.policy.planning.decision_rows import DECISION_SCHEMA, STATE_SCHEMA
from models.policy.planning.feature_rows import FEATURES, fingerprint
from models.uplift.decision_log import DecisionLog, read_decision_log

DECISIONS, STATES = "decisions.parquet", "decision_states.parquet"


def has_week(folder: Path, week: str) -> bool:
    """Return whether a week planned by this policy is in the log of a folder."""
    path = folder / DECISIONS
    if not path.is_file():
        return False
    return bool(pc.any(pc.equal(pq.read_table(path, columns=["week"])["week"], week)).as_py())


def append_week(folder: Path, decisions: pa.Table, states: pa.Table, features: Path | None) -> None:
    """Add a week to the log atomically: decisions are written last. Raises CouldNot where the disk refuses."""
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
    """Compare a week with the log bit for bit. Raises Refused with every column that differs."""
    week = decisions["week"][0].as_py()
    stored = pq.read_table(folder / DECISIONS).select(DECISION_SCHEMA.names).cast(DECISION_SCHEMA)
    stored = stored.filter(pc.equal(stored["week"], week)).sort_by("decision_id")
    faults = _differences(stored, decisions.sort_by("decision_id"), str(folder / DECISIONS))
    if features is not None and (folder / FEATURES).is_file():
        faults += _feature_differences(folder / FEATURES, features)
    if faults:
        raise Refused(f"Week {week} differs from the decision log.", faults)


def receipt(folder: Path, decision_id: str) -> dict[str, Any]:
    """Return a decision with its states and the fingerprint of its feature row.

    Raises Refused where the log has none such.
    """
    own = pc.equal(pc.field("decision_id"), decision_id)
    result = pq.read_table(folder / DECISIONS, filters=own).to_pylist()
    if not result:
        raise Refused(
            "The decision does not exist.",
            [Fault("decision_id", f"{decision_id!r} is not in the log", "give a decision of the log")],
        )
    states = pq.read_table(folder / STATES, filters=own).sort_by("at").to_pylist()
    features = pq.read_table(folder / FEATURES, filters=own) if (folder / FEATURES).is_file() else None
    row = fingerprint(features) if features is not None and len(features) else None
    return {**result[0], "states": states, "features": row}


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
    """Yield the earlier rows, then the new ones, in chunks, with the union of their columns."""
    files = [pq.ParquetFile(path) for path in (folder / FEATURES, draft) if path.is_file()]
    schema = pa.unify_schemas([file.schema_arrow for file in files])
    for file in files:
        for group in range(file.num_row_groups):
            table = file.read_row_group(group)
            absent = [name for name in schema.names if name not in table.column_names]
            for name in absent:
                table = table.append_column(name, pa.nulls(len(table), NUMBER))
            yield table.select(schema.names).cast(schema)


def _differences(stored: pa.Table, output: pa.Table, where: str) -> list[Fault]:
    if len(stored) != len(output):
        message = f"the log has {len(stored)} decisions of the week, the replay {len(output)}"
        return [Fault(where, message, "use the data, model and playbook of that week")]
    different = [name for name in output.column_names if not stored[name].equals(output[name])]
    return [
        Fault(f"{where} {name}", "the column differs", "use the data, model and playbook of that week")
        for name in different
    ]


def _feature_differences(path: Path, draft: Path) -> list[Fault]:
    output = pq.read_table(draft).sort_by("decision_id")
    own = pc.field("decision_id").isin(output["decision_id"].combine_chunks())
    stored = pq.read_table(path, filters=own).sort_by("decision_id")
    shared = [name for name in output.column_names if name in stored.column_names]
    if len(shared) == len(output.column_names) and fingerprint(stored.select(shared)) == fingerprint(
        output.select(shared)
    ):
        return []
    return [Fault(str(path), "the feature rows differ", "use the data and model of that week")]


def read_log(folder: Path) -> DecisionLog | None:
    """Return the earlier decisions with their states, instants as microseconds; None where the folder has no log."""
    if not (folder / DECISIONS).is_file():
        return None
    log = read_decision_log(folder)
    states = pd.DataFrame(pq.read_table(folder / STATES).to_pandas())
    for name in ("at", "known_at"):
        states[name] = states[name].astype("datetime64[us, UTC]").astype("int64")
    return DecisionLog(log.decisions, states.sort_values(["decision_id", "at"], kind="stable", ignore_index=True))
