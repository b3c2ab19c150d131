"""Columns of the source that change what its rows mean: a currency, a unit, a status, marks of test orders."""

from collections.abc import Iterator

from kqml.importing.findings import Finding, FindingLevel
from kqml.importing.headers import watched_meaning
from kqml.importing.mapping import TableMapping
from kqml.importing.relations import ROW, Relation, literal
from kqml.importing.values import text_sql
from kqml.importing.workspace import Workspace

_EXAMPLES = 5
_MOST_VALUES = 50
"""A column with more values than this is no currency, unit or status."""

SAME_CURRENCY = {
    "人民币": "CNY",
    "RMB": "CNY",
    "CNH": "CNY",
    "￥": "CNY",
    "¥": "CNY",
    "元": "CNY",
    "美元": "USD",
    "$": "USD",
}
"""Names of currencies → their code."""


def _looked_at(part: TableMapping, relation: Relation) -> list[str]:
    """The source's columns whose values are looked at, though no column of ours takes them."""
    unread = [name for name in relation.types if name not in part.source_columns() and watched_meaning(name)]
    return [*(name for name in part.expect if name in relation.types), *unread]


def watched_columns(part: TableMapping, relation: Relation) -> list[tuple[str, str]]:
    """Each source column that a staged table keeps for `meaning_findings`, after the name it has there."""
    return [(f"w_{index}", name) for index, name in enumerate(_looked_at(part, relation))]


def watched_sql(part: TableMapping, name: str) -> str:
    """What is kept of a watched column: its text; of dates of cancellation, which all differ, their form."""
    text = f"coalesce({text_sql(name)}, '')"
    if watched_meaning(name) != "cancelled" or name in part.expect:
        return text
    return f"CASE WHEN length({text}) > 5 THEN regexp_replace({text}, '[0-9]', '#', 'g') ELSE {text} END"


def meaning_findings(
    workspace: Workspace, name: str, table: str, part: TableMapping, relation: Relation, currency: str
) -> Iterator[Finding]:
    """Refuse what `expect` does not allow; warn of columns that nobody reads, though their values differ."""
    for alias, column in watched_columns(part, relation):
        counts = dict(
            workspace.connection.execute(
                f"SELECT {alias}, count(*) FROM {name} WHERE NOT skipped AND mask = 0 GROUP BY 1"
                f" ORDER BY 2 DESC, 1 LIMIT {_MOST_VALUES + 1}"
            ).fetchall()
        )
        if column in part.expect:
            odd, message, level = _unexpected(part, column, counts, currency), "unexpected_values", FindingLevel.REFUSAL
        else:
            odd, message, level = _differing(column, counts, currency), "unread_values", FindingLevel.WARNING
        if odd:
            rows = workspace.connection.execute(
                f"SELECT {ROW} FROM {name} WHERE NOT skipped AND mask = 0 AND {alias} IN"
                f" ({', '.join(map(literal, odd))}) ORDER BY 1 LIMIT {_EXAMPLES}"
            ).fetchall()
            shown = tuple(f"{value or '–'} ({count:,})" for value, count in counts.items())
            count, facts = sum(counts[value] for value in odd), {"currency": currency}
            yield Finding(
                message,
                level,
                table,
                column,
                count,
                count / sum(counts.values()),
                relation.label,
                tuple(row for (row,) in rows),
                shown,
                facts,
            )


def _unexpected(part: TableMapping, column: str, counts: dict[str, int], currency: str) -> list[str]:
    expected = part.expect[column]
    if expected == "currency":
        return _other_currencies(counts, currency)
    if expected == "one value":
        return list(counts)[1:]
    return [value for value in counts if value not in expected]


def _differing(column: str, counts: dict[str, int], currency: str) -> list[str]:
    if len(counts) > _MOST_VALUES:
        return []
    if watched_meaning(column) == "currency":
        return _other_currencies(counts, currency)
    return list(counts)[1:]


def _other_currencies(counts: dict[str, int], currency: str) -> list[str]:
    return [value for value in counts if value and SAME_CURRENCY.get(value.upper(), value.upper()) != currency.upper()]
