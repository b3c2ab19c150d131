"""A week's plan."""

from collections.abc import Iterator, Mapping
from typing import Any

from kqml.messages import catalogue, text
from serve.cli.layout import Block, Column, Line, Table, Words

Row = Mapping[str, Any]


def show_plan(result: Row, language: str) -> Iterator[Block]:
    """Show the rows of one rep, else of every rep the sums; then totals, what was left out, where it was written."""
    from serve.usecases.report_plan import plan_title

    words = Words("plan", language, result["currency"])
    yield Line(plan_title(result, language), "bold")
    if result["preview"]:
        yield words.line("preview")
    yield words.line("versions", "dim", **{name: result[name] for name in ("cutoff", "playbook", "policy")})
    if result["model"]:
        yield words.line("model", "dim", **result["model"])
    yield Line(result["says"])
    yield _reps(result["reps"], words) if result["rep"] is None else _rows(result["plan"], words)
    yield from _totals(result["totals"], words)
    yield from _notes(result, words)


def _rows(rows: list[Row], words: Words) -> Table:
    def band(row: Row) -> str:
        return "" if row["band"] is None else text(f"bands.{row['band']}", words.language)

    columns = (
        words.column("heads.account", lambda row: row["name"] or row["account_id"]),
        words.column("heads.tier"),
        words.column("heads.action", lambda row: _word("actions", row["action"], words)),
        words.column("heads.given_for", lambda row: _word("given_for", row["given_for"], words)),
        words.column("heads.minutes", lambda row: words.number(row["minutes"])),
        words.column("heads.band", band),
        words.column("heads.value_at_risk", lambda row: _money(row["value_at_risk"], words)),
        words.column("heads.why", lambda row: _why(row["brief"], words)),
    )
    return Table(columns, rows, boxed=False, row_style=lambda row: "bold" if row["given_for"] == "must" else "")


def _why(brief: Row, words: Words) -> str:
    return _separator(words).join([*brief["musts"][:1], *brief["why"][:1]])


def _reps(rows: list[Row], words: Words) -> Table:
    def used(name: str) -> Column:
        return words.column(f"heads.{name}", lambda row: " / ".join(words.number(part) for part in row[name][:2]))

    columns = (
        words.column("heads.rep", lambda row: row["rep_id"]),
        words.column("heads.actions", lambda row: str(row["recommended"])),
        *map(used, ("minutes", "stops", "money")),
        words.column("heads.slot", lambda row: _interval(row["slot_price"], words)),
    )
    return Table(columns, rows, boxed=False)


def _totals(sums: Row, words: Words) -> Iterator[Line]:
    for name in ("minutes", "stops"):
        yield Line(f"  {words(f'totals.{name}')}: {words.number(sums[name])}")
    yield Line(f"  {words('totals.money')}: {_money(sums['money'], words)}")
    for name in ("value_at_risk", "net_value"):
        yield Line(f"  {words(f'totals.{name}')}: {_interval(sums[name], words) or words('basis.unknown')}")


def _notes(result: Row, words: Words) -> Iterator[Line]:
    for row in result["reps"]:
        if row["overflows"]:
            yield words.line("overflow", "bold", rep=row["rep_id"])
    if result["left_out"]:
        counts = (f"{_word('reasons_left', name, words)} {count}" for name, count in result["left_out"].items())
        yield words.line("left_out", "dim", counts=_separator(words).join(counts))
    if result["log"]:
        yield words.line("replayed" if result["log"]["replayed"] else "logged", **result["log"])
    if result["database"]:
        yield words.line(
            "database_replayed" if result["database"]["replayed"] else "stored", rows=result["database"]["rows"]
        )
        if result["database"]["unchanged_reps"]:
            yield words.line("unchanged_reps", reps=len(result["database"]["unchanged_reps"]))
    if result["objecting"]:
        yield words.line("objecting", accounts=result["objecting"])
    if result["out"]:
        yield words.line("written", out=result["out"])


def _interval(amount: Row | None, words: Words) -> str:
    if amount is None:
        return ""
    return words("interval", **{name: words.money(amount[name]) for name in ("value", "low", "high")})


def _separator(words: Words) -> str:
    return text("reasons.role.separator", words.language)


def _money(value: float | None, words: Words) -> str:
    return "" if value is None else words.money(value)


def _word(part: str, key: str, words: Words) -> str:
    """The catalogue's word; a company's own package as it is."""
    return str(catalogue("plan", words.language)[part].get(key, key))
