"""A CRM's nightly exchange with kqml by files: records and events go in, plans come back, status changes are reported.

export KQML_URL=https://kqml.example KQML_KEY=kqml_…
python examples/crm_nightly.py push export/         # accounts.csv, reps.csv, events.csv of the CRM
kqml score --database                                  # on the service's machine, once everything is in
python examples/crm_nightly.py pull at_risk.csv     # accounts at risk, with the main reason
kqml plan --database                                   # on the service's machine, on Mondays
python examples/crm_nightly.py plan plan.csv        # each rep's open actions of this week, with the briefs
python examples/crm_nightly.py report done.csv      # status changes: decision_id, state, at, action, reason
"""

import csv
import json
import os
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from kqml.client import ApiProblem, Client
from kqml.contract.accounts import ListedAccount

NUMBERS = {
    *("amount", "quantity", "lines", "minutes", "sentiment", "authenticity", "latitude", "longitude"),
    *("minutes_per_week", "stops_per_week", "budget_per_week"),
}
OBJECTS = {"attributes", "absences", "opening_hours", "visit_weekdays"}
"""Columns with JSON in their cells."""

AT_RISK = ("stopped", "high")
OPEN = ("recommended", "accepted", "scheduled")
COLUMNS = ("account_id", "owner_rep_id", "band", "churn_probability", "as_of", "main_reason")
PLANNED = ("decision_id", "rep_id", "week", "account_id", "account_name", "action", "must", "state", "brief")
WAIT = "wait"
CONFLICT = "conflict"
"""The problem of a state that may not follow the present one."""


def push(client: Client, folder: Path) -> dict[str, int]:
    """Send the records and events of a night; return what changed. Everything may be sent again: it counts once.

    A record replaces the stored one: a field that the file lacks becomes unknown."""
    reps = sum(1 for _ in client.put_reps(_rows(folder / "reps.csv")))
    accounts = sum(done["created"] + done["changed"] for done in client.put_accounts(_rows(folder / "accounts.csv")))
    added = sum(taken["added"] for taken in client.send_events(_rows(folder / "events.csv")))
    return {"batches_of_reps": reps, "accounts_changed": accounts, "events_added": added}


def pull(client: Client, file: Path) -> int:
    """Write the accounts at risk by the last scoring, the highest probability first; return how many."""
    result = list(client.accounts(band=AT_RISK, sort="-churn_probability", limit="500"))
    with file.open("w", newline="", encoding="utf-8-sig") as written:
        table = csv.DictWriter(written, COLUMNS)
        table.writeheader()
        table.writerows(map(_without_formulas, map(_at_risk, result)))
    return len(result)


def plan(client: Client, file: Path) -> int:
    """Write the open actions of every rep's present week, required ones first; return how many."""
    rows = [row for rep in client.reps(limit="500") for row in _planned(client, rep["rep_id"])]
    with file.open("w", newline="", encoding="utf-8-sig") as written:
        table = csv.DictWriter(written, PLANNED)
        table.writeheader()
        table.writerows(map(_without_formulas, rows))
    return len(rows)


def report(client: Client, file: Path) -> dict[str, int]:
    """Report status changes: each row has a `decision_id`, a `state` and, where known, `at`, `action`, `reason`."""
    result = {"reported": 0, "already_reported": 0}
    for row in _rows(file):
        details = {name: str(value) for name, value in row.items() if name not in ("decision_id", "state")}
        decision, state = str(row["decision_id"]), str(row["state"])
        try:
            client.record_status(decision, state, **details)
        except ApiProblem as problem:
            if problem.kind != CONFLICT or not _was_reported(client, decision, state):
                raise
            result["already_reported"] += 1
        else:
            result["reported"] += 1
    return result


def _was_reported(client: Client, decision: str, state: str) -> bool:
    return state in [earlier["state"] for earlier in client.decision(decision)["states"]]


def _planned(client: Client, rep_id: str) -> Iterator[dict[str, object]]:
    week = client.plan(rep_id)
    for decision in week["decisions"]:
        if decision["assigned"] != WAIT and decision["state"] in OPEN:
            brief = [line for lines in (decision["brief"] or {}).values() for line in lines]
            facts = {name: decision[name] for name in ("decision_id", "account_id", "account_name", "must", "state")}
            result = {"rep_id": rep_id, "week": week["week"], "action": decision["assigned"]}
            yield {**facts, **result, "brief": "\n".join(brief)}


def _at_risk(account: ListedAccount) -> dict[str, object]:
    score = account["score"]
    assert score is not None, "accounts of a band have a score"
    main = score["main_reason"]
    return {
        "account_id": account["account_id"],
        "owner_rep_id": account["owner_rep_id"],
        "band": score["band"],
        "churn_probability": score["churn_probability"],
        "as_of": score["as_of"],
        "main_reason": "" if main is None else main["text"],
    }


def _without_formulas(row: Mapping[str, Any]) -> dict[str, Any]:
    """The row as a spreadsheet may open it: an apostrophe before text that would run as a formula."""
    starts = ("=", "+", "-", "@", "\t", "\r")
    return {
        name: f"'{cell}" if isinstance(cell, str) and cell.startswith(starts) else cell for name, cell in row.items()
    }


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a CSV file without its empty cells."""
    with file.open(newline="", encoding="utf-8-sig") as read:
        for row in csv.DictReader(read):
            yield {name: _value(name, cell) for name, cell in row.items() if cell}


def _value(name: str, cell: str) -> Any:
    if name in NUMBERS:
        return float(cell)
    return json.loads(cell) if name in OBJECTS else cell


def main(words: list[str]) -> None:
    """Run `push FOLDER`, `pull FILE`, `plan FILE` or `report FILE` and print the counts."""
    act = {"push": push, "pull": pull, "plan": plan, "report": report}[words[0]]
    with Client(os.environ["KQML_URL"], os.environ["KQML_KEY"]) as client:
        print(act(client, Path(words[1])))


if __name__ == "__main__":
    main(sys.argv[1:])
