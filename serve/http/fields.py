"""Types of fields in bodies, each checked in pydantic's core without a call back into Python."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Annotated, Any

from annotated_types import Interval
from pydantic import AfterValidator, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from kqml.calendar.visiting_times import OPENING_HOURS, VISIT_TIME, VISIT_WEEKDAYS
from kqml.dataset.tables import BIRTHDAY, RANGES
from kqml.ids import MAX_LENGTH, PATTERN, id_fault
from kqml.moments import CLOCK, FULL_CLOCK, FULL_OFFSET, OFFSET, YEARS

_DAY = r"^(19|20)[0-9]{2}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"


@lru_cache(4096)
def _require_id(text: str) -> str:
    """The id itself. Raises PydanticCustomError where it is a word for no value, or has lost digits.

    The ids of a request mostly repeat: looked up, an id costs a tenth of what checking it does.
    """
    if fault := id_fault(text):
        raise PydanticCustomError("no_id", "{fault}", {"fault": fault})
    return text


class _DaySchema:
    """A date as ISO 8601 text, 1900 to 2099."""

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        shape = core_schema.str_schema(pattern=_DAY, strict=True)
        return core_schema.chain_schema([shape, core_schema.date_schema(strict=False)])

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "string", "format": "date", "pattern": _DAY}


@dataclass(frozen=True)
class Whole:
    """An integer in a range, written 3 or 3.0, because JSON has one type of number."""

    low: int
    high: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        number = core_schema.float_schema(ge=self.low, le=self.high, multiple_of=1, strict=True)
        return core_schema.chain_schema([number, core_schema.int_schema(strict=False)])

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True)
class OneOf:
    """Text that is one of these values."""

    words: Sequence[str]

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.literal_schema(list(self.words))


def within(column: str, table: str = "events") -> Interval:
    """Return the range of a column in the data contract."""
    low, high = RANGES[table, column]
    return Interval(ge=low, le=high)


_DATE = rf"{YEARS}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_INSTANT = rf"^{_DATE}[T ]{CLOCK}{OFFSET}$"
_DESCRIBED_INSTANT = rf"^{_DATE}T{FULL_CLOCK}{FULL_OFFSET}$"

Instant = Annotated[
    str,
    Field(pattern=_INSTANT, max_length=40, json_schema_extra={"format": "date-time", "pattern": _DESCRIBED_INSTANT}),
]
"""ISO 8601 text with an offset, 1990 to 2099. The document describes the part of it that RFC 3339 allows, because
`format: date-time` means that one. It stays text: to make datetimes of 200 events and take them apart again costs
0.1 ms. The pattern leaves the days that a month does not have, and those ahead, to serve.usecases.event_times."""

Day = Annotated[date, _DaySchema()]
_PLAIN = r"^[^\x00-\x1f\x7f]+$"

Identifier = Annotated[str, Field(min_length=1, max_length=MAX_LENGTH, pattern=PATTERN), AfterValidator(_require_id)]
"""An id by the rule of kqml.ids."""

Word = Annotated[str, Field(min_length=1, max_length=200, pattern=_PLAIN)]
_LINES = r"^[^\x00-\x08\x0b-\x1f\x7f]+$"
Text = Annotated[str, Field(min_length=1, max_length=2000, pattern=_LINES)]
"""Some sentences, in lines."""

PATTERNS_IN_WORDS = {
    _INSTANT: "should be a time with UTC offset, 1990 to 2099, such as 2024-03-20T09:30:00+08:00",
    _DAY: "should be a date, 1900 to 2099, such as 2024-03-20",
    PATTERN: "should not contain control or invisible characters, nor begin or end with white space",
    _PLAIN: "should not be empty or contain control characters",
    _LINES: "should not be empty or contain control characters other than tabs and line feeds",
    BIRTHDAY: "should be a month and day, such as 03-20",
    VISIT_WEEKDAYS: "should be weekdays, such as Tu or Mo,Th",
    VISIT_TIME: "should be a time of day or a range, such as 10:30 or 14:00-16:00",
    OPENING_HOURS: "should be opening hours, such as Mo-Fr 09:00-12:00,14:00-18:00; Sa 10:00-13:00",
}
