"""Scores as a file: one row per account, Parquet or CSV, written part by part."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from kqml.dataset.csv_output import CsvWriter
from kqml.errors import CouldNot
from kqml.messages import text
from models.churn.reasons.reasons import Reason
from models.churn.score_change import ScoreChanges
from models.churn.scoring import AccountScore, as_json

COLUMNS = pa.schema(
    [
        ("account_id", pa.string()),
        ("eligible", pa.bool_()),
        ("churn_probability", pa.float64()),
        ("band", pa.string()),
        ("what_we_see", pa.string()),
        ("what_goes_with_it", pa.string()),
        ("warnings", pa.string()),
        ("reasons", pa.string()),
    ]
)
"""`reasons` is the API's list as JSON; the two columns before it are the same in words."""

CHANGES = ("before", "calendar", "data", "model")
"""Columns `change_…` where changes are asked for: the earlier probability, then the parts of the difference."""


@dataclass(frozen=True)
class ScoreCounts:
    """What was written: accounts, the eligible ones, how many in each band."""

    accounts: int
    eligible: int
    bands: dict[str, int]


def write_scores(
    path: Path, parts: Iterable[Sequence[AccountScore]], language: str, changes: ScoreChanges | None = None
) -> ScoreCounts:
    """Write the scores whole or not at all; an existing file is replaced. Raises CouldNot where the disk refuses."""
    schema = _schema(changes)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    bands: Counter[str] = Counter()
    done = 0
    try:
        with _writer(temporary, path.suffix, schema) as writer:
            for chunk in parts:
                writer.write_table(_table(chunk, language, changes, done, schema))
                bands.update(score.band for score in chunk if score.band is not None)
                done += len(chunk)
        temporary.replace(path)
    except (OSError, pa.ArrowException) as error:
        raise CouldNot(f"The scores cannot be written to {path}: {error}.") from error
    finally:
        temporary.unlink(missing_ok=True)
    return ScoreCounts(done, sum(bands.values()), dict(bands))


def count_scores(parts: Iterable[Sequence[AccountScore]]) -> ScoreCounts:
    """Return the same tally of scores that are written to no file."""
    scores = [score for chunk in parts for score in chunk]
    bands: Counter[str] = Counter(score.band for score in scores if score.band is not None)
    return ScoreCounts(len(scores), sum(bands.values()), dict(bands))


def _schema(changes: ScoreChanges | None) -> pa.Schema:
    schema = COLUMNS
    for name in CHANGES if changes is not None else ():
        schema = schema.append(pa.field(f"change_{name}", pa.float64()))
    return schema


def _writer(path: Path, suffix: str, schema: pa.Schema) -> pq.ParquetWriter | CsvWriter:
    if suffix == ".csv":
        return CsvWriter(path, schema)
    return pq.ParquetWriter(path, schema, compression="zstd")


def _table(
    scores: Sequence[AccountScore], language: str, changes: ScoreChanges | None, start: int, schema: pa.Schema
) -> pa.Table:
    separator = text("reasons.role.separator", language)
    columns: dict[str, object] = {
        "account_id": [score.account_id for score in scores],
        "eligible": [score.eligible for score in scores],
        "churn_probability": [score.churn_probability for score in scores],
        "band": [score.band for score in scores],
        "what_we_see": [_joined(score.symptoms, language, separator) for score in scores],
        "what_goes_with_it": [_causes(score, language, separator) for score in scores],
        "warnings": [separator.join(warning.text(language) for warning in score.warnings) for score in scores],
        "reasons": [orjson.dumps(as_json(score, language)["reasons"]).decode() for score in scores],
    }
    for name in CHANGES if changes is not None else ():
        values = getattr(changes, name)[start : start + len(scores)]
        columns[f"change_{name}"] = pa.array(values, mask=np.isnan(values))
    return pa.table(columns, schema=schema)


def _joined(reasons: Sequence[Reason], language: str, separator: str) -> str:
    return separator.join(reason.text(language) for reason in reasons)


def _causes(score: AccountScore, language: str, separator: str) -> str:
    """Return the causes in words; where a raised risk has none that raises it, that is said instead of one that
    lowers it."""
    if score.lacks_cause:
        return text("reasons.role.none", language)
    return _joined(score.causes, language, separator)
