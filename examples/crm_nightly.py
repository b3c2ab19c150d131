"""A CRM's nightly exchange with kqml by files: what happened goes in, plans come back, what was done is told.

export KQML_URL=https://kqml.example KQML_KEY=kqml_…
python examples/crm_nightly.py push export/         # accounts.csv, reps.csv, events.csv of the CRM
kqml score --database                                  # on the service's machine, once everything is in
python examples/crm_nightly.py pull at_risk.csv     # whom to look at, why
kqml plan --database                                   # on the service's machine, on Mondays
python examples/crm_nightly.py plan plan.csv        # what every rep is to do this week, with the brief
python examples/crm_nightly.py tell done.csv        # decision_id, state, and what goes with it
"""

import csv
import os
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from kqml.client import ApiProblem, Client

NUMBERS = {"amount", "quantity", "lines", "minutes", "sentiment"}
AT_RISK = ("stopped", "high")
COLUMNS = ("account_id", "owner_rep_id", "band", "churn_probability", "as_of", "reasons")
PLANNED = ("decision_id", "rep_id", "week", "account_id", "account_name", "action", "must", "state", "brief")
WAIT = "wait"
TOLD_BEFORE = "conflict"
"""How the service answers a state that it has already: the file was told twice."""


def push(client: Client, folder: Path) -> dict[str, int]:
    """Sends everything of a night. All of it may be sent again: what is there already counts once."""
    reps = sum(1 for _ in client.put_reps(_rows(folder / "reps.csv")))
    accounts = sum(done["created"] + done["changed"] for done in client.put_accounts(_rows(folder / "accounts.csv")))
    added = sum(taken["added"] for taken in client.send_events(_rows(folder / "events.csv")))
    return {"batches_of_reps": reps, "accounts_changed": accounts, "events_added": added}


def pull(client: Client, file: Path) -> int:
    """Writes whom the last scoring found at risk, the likeliest to leave first; how many."""
    result = list(client.accounts(band=AT_RISK, sort="-churn_probability", limit="500"))
    with file.open("w", newline="", encoding="utf-8-sig") as written:
        table = csv.DictWriter(written, COLUMNS)
        table.writeheader()
        table.writerows(map(_without_formulas, _at_risk(client, result)))
    return len(result)


def plan(client: Client, file: Path) -> int:
    """Writes what every rep is to do in the present week, musts first; how many actions."""
    rows = [row for rep in client.reps(limit="500") for row in _planned(client, rep["rep_id"])]
    with file.open("w", newline="", encoding="utf-8-sig") as written:
        table = csv.DictWriter(written, PLANNED)
        table.writeheader()
        table.writerows(map(_without_formulas, rows))
    return len(rows)


def tell(client: Client, file: Path) -> dict[str, int]:
    """Says what became of decisions: each row a `decision_id`, a `state`, `at`, `action`, `reason` where known."""
    result = {"told": 0, "told_before": 0}
    for row in _rows(file):
        text = {name: str(value) for name, value in row.items() if name not in ("decision_id", "state")}
        try:
            client.record_status(str(row["decision_id"]), str(row["state"]), **text)
        except ApiProblem as problem:
            if problem.kind != TOLD_BEFORE:
                raise
            result["told_before"] += 1
        else:
            result["told"] += 1
    return result


def _planned(client: Client, rep_id: str) -> Iterator[dict[str, object]]:
    week = client.plan(rep_id)
    for decision in week["decisions"]:
        if decision["assigned"] != WAIT:
            brief = [line for lines in (decision["brief"] or {}).values() for line in lines]
            facts = {name: decision[name] for name in ("decision_id", "account_id", "account_name", "must", "state")}
            result = {"rep_id": rep_id, "week": week["week"], "action": decision["assigned"]}
            yield {**facts, **result, "brief": "\n".join(brief)}


def _at_risk(client: Client, result: Iterable[Mapping[str, object]]) -> Iterator[dict[str, object]]:
    for listed in result:
        account, _ = client.account(str(listed["account_id"]))
        score = account["score"]
        assert score is not None
        reasons = "; ".join(reason["text"] for reason in score.get("reasons", ()))
        facts = {name: score[name] for name in ("band", "churn_probability", "as_of")}
        yield {
            "account_id": account["account_id"],
            "owner_rep_id": account["owner_rep_id"],
            "reasons": reasons,
            **facts,
        }


def _without_formulas(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as a spreadsheet may open it: an apostrophe before text that would run as a formula."""
    starts = ("=", "+", "-", "@", "\t", "\r")
    return {
        name: f"'{cell}" if isinstance(cell, str) and cell.startswith(starts) else cell for name, cell in row.items()
    }


def _rows(file: Path) -> Iterator[dict[str, str | float]]:
    """The rows of a CSV file without its empty cells."""
    with file.open(newline="", encoding="utf-8-sig") as read:
        for row in csv.DictReader(read):
            yield {name: float(cell) if name in NUMBERS else cell for name, cell in row.items() if cell}


def main(words: list[str]) -> None:
    """`push FOLDER`, `pull FILE`, `plan FILE` or `tell FILE`; prints what was done."""
    act = {"push": push, "pull": pull, "plan": plan, "tell": tell}[words[0]]
    with Client(os.environ["KQML_URL"], os.environ["KQML_KEY"]) as client:
        print(act(client, Path(words[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
