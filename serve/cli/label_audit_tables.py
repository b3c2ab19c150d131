"""The label audit on a terminal."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

from kqml.calendar.business_time import moment_of
from kqml.messages import text
from kqml.messages.quantities import fixed
from models.churn.label_audit.report import LabelAudit, advice_text
from models.churn.label_audit.tallies import RowCounts
from models.churn.label_audit.windows import WindowRate

Words = Callable[..., str]


def print_audit(console: Console, audit: LabelAudit, randomised: Mapping[str, Any] | None, language: str) -> None:
    """Writes the whole audit: overview, groups, windows, personal windows, quiet days, advice, chart files."""

    def words(key: str, **values: object) -> str:
        return text(f"audit.table.{key}", language, **values)

    _overview(console, audit, words)
    console.print(_groups(audit, words))
    console.print(_windows(audit, words))
    _sentences(console, audit, words)
    console.print(words("advice"), style="bold")
    for advice in audit.advice:
        console.print(f"• {advice_text(advice, language)}", markup=False)
    if randomised:
        _charts(console, randomised, words)


def _overview(console: Console, audit: LabelAudit, words: Words) -> None:
    console.print(words("overview", horizon=audit.definition.horizon, gap=audit.definition.gap), style="bold")
    first, last = (moment_of(int(audit.cutoffs[place]), audit.time_zone).date().isoformat() for place in (0, -1))
    counts = {"eligible": audit.eligible, "censored": audit.censored, "immature": audit.immature}
    console.print(words("asked", cutoffs=len(audit.cutoffs), first=first, last=last, **counts))


def _groups(audit: LabelAudit, words: Words) -> Table:
    columns = ("group", "rows", "churned", "rate", "departures", "accounts", "returned")
    table = _table(*(words(name) for name in columns))
    for name in ("all", "silent", "ordering"):
        counts: RowCounts = getattr(audit.groups, name)
        table.add_row(
            words(name),
            f"{counts.rows:,}",
            f"{counts.churned:,}",
            percent(counts.churn_rate),
            f"{counts.departures:,}",
            f"{counts.accounts:,}",
            percent(counts.returned_share, 0),
        )
    return table


def _windows(audit: LabelAudit, words: Words) -> Table:
    horizons = sorted({rate.horizon for rate in audit.windows})
    table = _table(words("gap"), *(words("horizon", days=horizon) for horizon in horizons))
    table.title = words("windows")
    result = {(rate.gap, rate.horizon): rate for rate in audit.windows}
    for gap in sorted({rate.gap for rate in audit.windows}):
        table.add_row(str(gap), *(_cell(result.get((gap, horizon))) for horizon in horizons))
    return table


def _cell(rate: WindowRate | None) -> str:
    if rate is None:
        return "–"
    return f"{percent(rate.groups.all.churn_rate)} ({percent(rate.groups.all.returned_share, 0)})"


def _sentences(console: Console, audit: LabelAudit, words: Words) -> None:
    personal, quiet = audit.personal, audit.quiet
    shares = {"rate": percent(personal.churn_rate), "median": number(personal.median_days)}
    counts = {"both": personal.both, "only_personal": personal.only_personal, "only_fixed": personal.only_fixed}
    console.print(words("personal", k=personal.k, **shares, **counts))
    console.print(words("quiet", periods=quiet.periods, changed=quiet.changed, rows=quiet.rows))


def _charts(console: Console, randomised: Mapping[str, Any], words: Words) -> None:
    console.print(words("charts"), style="bold")
    for path in randomised["files"]:
        console.print(path, markup=False, highlight=False)


def _table(*headings: str) -> Table:
    table = Table()
    for place, heading in enumerate(headings):
        table.add_column(heading, justify="right" if place else "left")
    return table


def percent(share: float | None, digits: int = 2) -> str:
    """A share as people read it, a dash where there is none."""
    return "–" if share is None else f"{share:.{digits}%}"


def number(value: float | None) -> str:
    """A number without decimals, a dash where there is none."""
    return "–" if value is None else fixed(value, ".0f")
