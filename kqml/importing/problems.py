"""What can be wrong with a value: the codes of faults, which of them a mapping may tolerate."""

from kqml.dataset.tables import CHOICES, DATE, ID_COLUMNS, INSTANT, NUMBER, PATTERNS, RANGES, SCHEMAS
from kqml.moments import FIRST_YEAR, FIRST_YEAR_OF_DATES, MAY_LIE_AHEAD

MISSING, UNPARSABLE, UNKNOWN = "missing", "unparsable", "unknown"
FUTURE, IMPLAUSIBLE, OUT_OF_RANGE = "future", "implausible", "out_of_range"
LOST_DIGITS, INVISIBLE, TOO_LONG = "lost_digits", "invisible", "too_long"

MAPPED_REQUIRED = {
    "accounts": ("account_id",),
    "contacts": ("contact_id", "account_id"),
    "reps": ("rep_id",),
    "events": ("account_id", "occurred_at", "kind"),
}
"""The columns of ours that a mapping must fill, which no row may lack."""

EARLIEST = {INSTANT: f"{FIRST_YEAR}-01-01", DATE: f"{FIRST_YEAR_OF_DATES}-01-01"}
"""What lies before is taken for a typing error."""

JSON_COLUMNS = frozenset({"attributes", "absences"})


def problems_of(table: str, column: str) -> tuple[str, ...]:
    """The problems that a value of this column can have."""
    kind = SCHEMAS[table].field(column).type
    dated = kind in (INSTANT, DATE)
    has_form = dated or kind == NUMBER or column in JSON_COLUMNS or (table, column) in PATTERNS
    applies = {
        MISSING: column in MAPPED_REQUIRED[table],
        UNPARSABLE: has_form,
        UNKNOWN: (table, column) in CHOICES,
        FUTURE: dated and column not in MAY_LIE_AHEAD,
        IMPLAUSIBLE: dated,
        OUT_OF_RANGE: (table, column) in RANGES,
        **dict.fromkeys((LOST_DIGITS, INVISIBLE, TOO_LONG), column in ID_COLUMNS),
    }
    return tuple(problem for problem, does in applies.items() if does)


def code_of(problem: str, column: str) -> str:
    """The name of a fault in reports and under `[tolerate]`."""
    return f"{problem}_{column}"


TOLERABLE = frozenset(
    code_of(problem, column)
    for table, schema in SCHEMAS.items()
    for column in schema.names
    for problem in problems_of(table, column)
)
"""Every fault that `[tolerate]` may name; structural faults are never tolerated."""
