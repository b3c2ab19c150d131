"""What a mapping says: whose columns become which of ours, value by value."""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from kqml.dataset.tables import SCHEMAS
from kqml.errors import BadUse, Fault
from kqml.events import KIND_OF_CODE
from kqml.ids import BLANKS
from kqml.importing.problems import TOLERABLE


def _known_zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}; use a name such as Asia/Shanghai") from error
    return name


def _known_kind(code: str) -> str:
    if code not in KIND_OF_CODE:
        raise ValueError(f"there is no kind {code!r}; kinds are {', '.join(KIND_OF_CODE)}")
    return code


def _tolerable(code: str) -> str:
    if code not in TOLERABLE:
        raise ValueError(f"{code!r} is not a fault that can be tolerated; those are {', '.join(sorted(TOLERABLE))}")
    return code


def _named_column(value: Any) -> Any:
    return {"column": value} if isinstance(value, str) else value


def _iso_date(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


def _is_date(value: str) -> str:
    date.fromisoformat(value)
    return value


MAGNITUDES = {
    "千": 1e3, "万": 1e4, "萬": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "億": 1e8,
    "k": 1e3, "tsd": 1e3, "thousand": 1e3, "lakh": 1e5, "lakhs": 1e5, "lac": 1e5, "m": 1e6, "mn": 1e6, "mm": 1e6,
    "mio": 1e6, "million": 1e6, "cr": 1e7, "crore": 1e7, "crores": 1e7, "b": 1e9, "bn": 1e9, "mrd": 1e9, "billion": 1e9,
    "%": 0.01, "％": 0.01, "‰": 0.001,
}  # fmt: skip
"""What is written after a number to multiply it, in lower case → by how much."""


def magnitude_of(text: str) -> str | None:
    """The magnitude that a mark after a number stands for, also before a unit: 万元 is 万; None where it is none."""
    mark = text.strip(BLANKS + ".").lower()
    if mark in MAGNITUDES:
        return mark
    return next((name for name in MAGNITUDES if not name.isascii() and mark.startswith(name)), None)


def _strippable(text: str) -> str:
    if magnitude_of(text):
        raise ValueError(
            f"strip would make numbers with {text!r} too small or too large; use units = {{ {text!r} = … }}"
        )
    if not text or any(mark in "()（）-−－+.,0123456789" for mark in text):
        raise ValueError("strip cannot remove nothing, digits, points or what gives a number its sign; see `negative`")
    return text


def exchanged(form: str) -> str | None:
    """The same format with day and month in each other's place; None where it does not have both."""
    if "%d" not in form or "%m" not in form:
        return None
    return form.replace("%d", "%D").replace("%m", "%d").replace("%D", "%m")


def _unambiguous(forms: tuple[str, ...]) -> tuple[str, ...]:
    for form in forms:
        if exchanged(form) in forms:
            raise ValueError(f"{form!r} and {exchanged(form)!r} exchange day and month: 03/04 would be read both ways")
    return forms


def _several(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


TimeZone = Annotated[str, AfterValidator(_known_zone)]
KindCode = Annotated[str, AfterValidator(_known_kind)]
Day = Annotated[str, BeforeValidator(_iso_date), AfterValidator(_is_date)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
Names = Annotated[tuple[str, ...], Field(min_length=1)]
Formats = Annotated[Names, BeforeValidator(_several), AfterValidator(_unambiguous)]
Row = Annotated[int, Field(ge=1)]
Mark = Annotated[str, Field(min_length=1, max_length=1)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ColumnSource(_Part):
    """Where the values of one of our columns come from: exactly one of column, columns, product, constant."""

    column: str | None = None
    columns: Names | None = None
    product: Names | None = None
    constant: str | float | None = None
    values: dict[str, str] = {}
    prefixes: dict[str, str] = {}
    otherwise: str | None = None
    empty: str | None = None
    skip: tuple[str, ...] = ()
    fill: Literal["down"] | None = None
    normalise: tuple[
        Literal["half_width", "upper", "lower", "no_leading_zeros", "whole_number", "salesforce_15"], ...
    ] = ()
    format: Formats | None = None
    time_zone: TimeZone | None = None
    offsets: Literal["same", "any"] = "same"
    decimal: Literal[".", ","] = "."
    thousands: Literal["", ",", ".", " ", "'"] = ""
    strip: tuple[Annotated[str, AfterValidator(_strippable)], ...] = ()
    units: dict[Annotated[str, Field(min_length=1)], Annotated[float, Field(gt=0.0, allow_inf_nan=False)]] = {}
    negative: Literal["brackets", "trailing"] | None = None
    currency: str | None = None
    rates: dict[str, Annotated[float, Field(gt=0.0, allow_inf_nan=False)]] = {}
    factor: Annotated[float, Field(gt=0.0, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        given = [name for name in ("column", "columns", "product", "constant") if getattr(self, name) is not None]
        if len(given) != 1:
            raise ValueError(f"give exactly one of column, columns, product, constant (got {given or 'none'})")
        chosen = (
            self.values,
            self.prefixes,
            self.skip,
            self.otherwise is not None,
            self.empty is not None,
            self.factor,
            self.fill,
            self.normalise,
            self.rates,
        )
        if self.column is None and any(chosen):
            needy = "values, prefixes, otherwise, empty, skip, factor, fill, normalise, rates"
            raise ValueError(f"{needy} need `column`")
        if bool(self.rates) != (self.currency is not None):
            raise ValueError("currency (the column that names it) and rates need each other")
        if self.decimal == self.thousands:
            raise ValueError(f"decimal and thousands are both {self.decimal!r}")
        if self.otherwise is not None and not (self.values or self.prefixes):
            raise ValueError("otherwise needs values or prefixes")
        return self

    def source_columns(self) -> tuple[str, ...]:
        """The columns of the file that it reads."""
        read = (self.column,) if self.column is not None else self.columns or self.product or ()
        return read if self.currency is None else (*read, self.currency)


class Aggregate(_Part):
    """Rows of one account, kind and local day become one event: amounts summed, the last moment kept.

    `lines`: the source column whose distinct values are the day's `lines`; without it and a mapped `lines`, rows.
    """

    per: Literal["day"]
    lines: str | None = None


class TableMapping(_Part):
    """How the files whose names match `files` become rows of one table; an SQL query is called `sql`.

    `where`: column of theirs → the values whose rows are read (`""`: none given); the rest is left out on purpose.
    `expect`: column of theirs, where the file has it → the values that it may hold, else the data are refused.
    """

    files: Names = ("*",)
    sheet: str | None = None
    encoding: str = "utf-8"
    delimiter: Mark | None = None
    quote: Annotated[str, Field(max_length=1)] = '"'
    escape: Mark | None = None
    header_row: Row | None = None
    footer_rows: Annotated[int, Field(ge=0)] = 0
    hidden_rows: Literal["read", "skip"] = "read"
    short_rows: Literal["refuse", "pad"] = "refuse"
    optional: bool = False
    where: dict[str, Names] = {}
    expect: dict[str, Names | Literal["one value", "currency"]] = {}
    columns: dict[str, Annotated[ColumnSource, BeforeValidator(_named_column)]]
    aggregate: Aggregate | None = None

    def source_columns(self) -> tuple[str, ...]:
        """The distinct columns of the file that it reads, in the order in which they are mapped."""
        mapped = [name for source in self.columns.values() for name in source.source_columns()]
        extra = [self.aggregate.lines] if self.aggregate and self.aggregate.lines else []
        return tuple(dict.fromkeys([*mapped, *extra, *self.where, *self.expect]))


class QuietDeclaration(_Part):
    """Declared quiet days; `end` is not included."""

    start: Day
    end: Day
    name: str = ""

    @model_validator(mode="after")
    def _forwards(self) -> Self:
        if self.end <= self.start:
            raise ValueError(f"end {self.end} is not after start {self.start}")
        return self


class DeclaredColumn(_Part):
    """What the user vouches for about an account column."""

    complete_since: Day


class ImportMapping(_Part):
    """A whole mapping file."""

    version: Literal[1] = 1
    description: str = ""
    time_zone: TimeZone
    currency: str = "CNY"
    tolerate: dict[Annotated[str, AfterValidator(_tolerable)], Share] = {}
    lags: dict[KindCode, Annotated[float, Field(ge=0.0)]] = {}
    quiet_periods: tuple[QuietDeclaration, ...] = ()
    columns: dict[str, DeclaredColumn] = {}
    accounts: tuple[TableMapping, ...] = ()
    contacts: tuple[TableMapping, ...] = ()
    reps: tuple[TableMapping, ...] = ()
    events: tuple[TableMapping, ...]

    def elsewhere(self, time_zone: str | None, currency: str | None) -> Self:
        """The same mapping in another business time zone, another currency. Raises BadUse where the zone is unknown."""
        text = {"time_zone": time_zone, "currency": currency}
        try:
            return type(self).model_validate(
                {**self.model_dump(), **{key: value for key, value in text.items() if value is not None}}
            )
        except ValidationError as error:
            faults = [
                Fault(f"--{item['loc'][0]}".replace("_", "-"), item["msg"], "correct it") for item in error.errors()
            ]
            raise BadUse("The mapping cannot be used so.", faults) from error

    def parts(self) -> Iterator[tuple[str, int, TableMapping]]:
        """Every table mapping with the name of its table and its index among those of the table."""
        for name in SCHEMAS:
            for index, part in enumerate(getattr(self, name)):
                yield name, index, part
