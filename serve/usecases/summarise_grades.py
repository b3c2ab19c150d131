"""Summarise the newest grades of the accounts of a territory."""

from collections.abc import Mapping, Sequence

from kqml.calendar.business_time import moment_of
from kqml.contract.grades import GradeSummaryReport
from serve.database.grade_counts import count_grades
from serve.database.territory import Territory
from serve.usecases.database_access import Transaction

UNKNOWN = "unknown"


def summarise_grades(
    transaction: Transaction, filters: Mapping[str, Sequence[str]], territory: Territory
) -> GradeSummaryReport:
    """Return how many accounts have each grade, as of the last scoring of all accounts."""
    counted = count_grades(transaction.connection, filters, territory)
    zone = transaction.time_zone
    return GradeSummaryReport(
        as_of=None if counted.cutoff is None else moment_of(counted.cutoff, zone).isoformat(),
        accounts=counted.accounts,
        emotional_balance=counted.emotional_balance,
        counts={
            column: {_name(value): number for value, number in sorted(values.items(), key=lambda item: _name(item[0]))}
            for column, values in counted.counts.items()
        },
    )


def _name(value: str | bool | None) -> str:
    return UNKNOWN if value is None else str(value).lower() if isinstance(value, bool) else value
