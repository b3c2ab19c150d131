"""A week's plan on a terminal."""

from collections.abc import Mapping
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from kqml.messages import catalogue, text
from kqml.messages.quantities import Unit, number, quantity
from serve.cli.plan_result import title

HEADS = ("account", "tier", "action", "given_for", "minutes", "band", "value_at_risk", "why")
REP_HEADS = ("rep", "actions", "minutes", "stops", "money", "slot")


def print_plan(console: Console, result: Mapping[str, Any], language: str) -> None:
    """The rows of one rep, else of every rep the sums; then totals, what was left out, where it was written."""
    console.print(Text(title(dict(result), language), style="bold"))
    details = {name: result[name] for name in ("cutoff", "playbook", "policy")}
    console.print(Text(text("plan.versions", language, **details), style="dim"))
    if result["model"]:
        console.print(Text(text("plan.model", language, **result["model"]), style="dim"))
    console.print(Text(result["says"]))
    console.print(_reps(result, language) if result["rep"] is None else _rows(result, language))
    _print_totals(console, result, language)


def _rows(result: Mapping[str, Any], language: str) -> Table:
    table = Table(*(text(f"plan.heads.{head}", language) for head in HEADS), box=None, header_style="dim")
    for row in result["plan"]:
        brief = row["brief"]
        why = [*brief["musts"][:1], *brief["why"][:1]]
        table.add_row(
            row["name"] or row["account_id"],
            row["tier"] or "",
            _word("actions", row["action"], language),
            _word("given_for", row["given_for"], language),
            number(row["minutes"], language),
            "" if row["band"] is None else text(f"bands.{row['band']}", language),
            _money(row["value_at_risk"], result["currency"], language),
            text("reasons.role.separator", language).join(why),
            style="bold" if row["given_for"] == "must" else None,
        )
    return table


def _reps(result: Mapping[str, Any], language: str) -> Table:
    table = Table(*(text(f"plan.heads.{head}", language) for head in REP_HEADS), box=None, header_style="dim")
    for row in result["reps"]:
        used = (f"{number(row[name][0], language)} / {number(row[name][1], language)}" for name in REP_HEADS[2:5])
        table.add_row(row["rep_id"], str(row["recommended"]), *used, number(row["slot_price"], language))
    return table


def _print_totals(console: Console, result: Mapping[str, Any], language: str) -> None:
    sums = result["totals"]
    for name in ("minutes", "stops"):
        console.print(Text(f"  {text(f'plan.totals.{name}', language)}: {number(sums[name], language)}"))
    for name in ("money", "value_at_risk", "net_value"):
        details = _money(sums[name], result["currency"], language) or text("plan.basis.unknown", language)
        console.print(Text(f"  {text(f'plan.totals.{name}', language)}: {details}"))
    for row in result["reps"]:
        if row["overflows"]:
            console.print(Text(text("plan.overflow", language, rep=row["rep_id"]), style="bold"))
    if result["left_out"]:
        separator = text("reasons.role.separator", language)
        counts = separator.join(f"{_word('reasons_left', n, language)} {c}" for n, c in result["left_out"].items())
        console.print(Text(text("plan.left_out", language, counts=counts), style="dim"))
    if result["log"]:
        key = "replayed" if result["log"]["replayed"] else "logged"
        console.print(Text(text(f"plan.{key}", language, **result["log"])))
    if result["store"]:
        key = "store_replayed" if result["store"]["replayed"] else "stored"
        console.print(Text(text(f"plan.{key}", language, rows=result["store"]["rows"])))
        if result["store"]["kept_reps"]:
            console.print(Text(text("plan.kept_reps", language, reps=len(result["store"]["kept_reps"]))))
    if result["objecting"]:
        console.print(Text(text("plan.objecting", language, accounts=result["objecting"])))
    if result["out"]:
        console.print(Text(text("plan.written", language, out=result["out"])))


def _money(value: float | None, currency: str, language: str) -> str:
    return "" if value is None else quantity(Unit.MONEY, value, language, currency)


def _word(part: str, key: str, language: str) -> str:
    """The catalogue's word; a company's own package as it is."""
    return str(catalogue("plan", language)[part].get(key, key))
