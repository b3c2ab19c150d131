"""The queries of exports: filters, week, format."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from kqml.dataset.table_stream import TableFormat
from serve.http.fields import Identifier
from serve.http.score_query import ScoreFilters
from serve.http.weeks import WEEK

REPS_PER_EXPORT = 100
_FORMAT = "csv: UTF-8 with a byte order mark, as spreadsheets open it; parquet: columns with their types."


class ScoresExportQuery(ScoreFilters):
    """Several values of a filter match any of them; several filters must all match."""

    format: TableFormat = Field("csv", description=_FORMAT)


class PlansExportQuery(BaseModel):
    """The week and, if not all, the reps."""

    model_config = ConfigDict(extra="forbid")

    week: str | None = Field(None, pattern=WEEK, description="ISO week such as 2024-W07. Default: the present one.")
    rep: list[Identifier] = Field([], max_length=REPS_PER_EXPORT, description="Whose decisions. Default: all.")
    language: Literal["zh", "en"] | None = Field(None, description="Language of the texts. Default: the service's.")
    format: TableFormat = Field("csv", description=_FORMAT)
