"""Stored scores in the types of the contract."""

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, select

from kqml.contract.accounts import ListedScore
from kqml.contract.fields import field_names
from kqml.contract.scores import Change, FullScore, PastScore, ShortScore
from serve.database.tables import SCORES
from serve.usecases.rendered_texts import main_reason, rendered_score
from serve.usecases.stored_rows import contract_fields

Row = Mapping[str, Any]
SHORT, FULL, PAST, PARTS = (field_names(shape) for shape in (ShortScore, FullScore, PastScore, Change))


def listed_score(row: Row, time_zone: str, language: str) -> ListedScore | None:
    """Return the newest score of a row of `serve.database.listing`; None where none is stored."""
    if row["score_cutoff"] is None:
        return None
    score = {name.removeprefix("score_"): value for name, value in row.items() if name.startswith("score_")}
    short = contract_fields({**score, "as_of": score["cutoff"]}, SHORT, time_zone)
    return cast(ListedScore, {**short, "main_reason": main_reason(score["reasons"], language)})


def full_score(row: Row, time_zone: str, language: str) -> FullScore:
    """Return the score in a row of the table of scores, its sentences in a language."""
    fields = {**rendered_score(row, language), "as_of": row["cutoff"]}
    return cast(FullScore, contract_fields(fields, FULL, time_zone))


def past_score(row: Row, time_zone: str, language: str) -> PastScore:
    """Return the same with the parts of its change since the score before."""
    explained = row["change_data"] is not None
    fields = {
        **rendered_score(row, language),
        "as_of": row["cutoff"],
        "before": row["before_probability"],
        "before_as_of": row["before_cutoff"],
        "change": {part: row[f"change_{part}"] for part in PARTS} if explained else None,
    }
    return cast(PastScore, contract_fields(fields, PAST, time_zone))


def newest_full_score(connection: Connection, row: Row, time_zone: str, language: str) -> FullScore | None:
    """Read the newest score of a row of `serve.database.listing` with its reasons; None where none is stored."""
    if row["score_cutoff"] is None:
        return None
    key = {"account_id": row["account_id"], "cutoff": row["score_cutoff"], "model": row["score_model"]}
    request = select(SCORES).where(*(SCORES.c[name] == value for name, value in key.items()))
    return full_score(dict(connection.execute(request).mappings().one()), time_zone, language)
