"""The service under test: on a local port, with a small company in its database."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from time import time_ns
from typing import Any
from urllib.parse import quote

import httpx
import uvicorn
from fastapi import FastAPI

from experiments.fuzz.callers import LIMITS, FuzzCaller, add_login, make_callers
from experiments.fuzz.logins import LOGIN, PASSWORD
from experiments.private_postgres import free_port
from kqml.calendar.business_time import DAY_US, moment_of
from kqml.errors import CouldNot, Fault
from serve.database.decisions import add_decisions
from serve.database.engine import Database
from serve.database.preparation import open_prepared
from serve.database.scores import record_scores
from serve.security.encryption import make_secret_key, read_cipher
from serve.security.startup_checks import SecurityOptions
from serve.workers import ServeOptions, build_app

BODY_LIMIT = 1 << 20
STARTING_SECONDS = 60
COMPANY = 4
"""Accounts, each with a contact, a decision, a score, a review; the first two are the rep's own."""


@dataclass(frozen=True)
class FuzzTarget:
    """`url`: where it listens; `callers`: who may ask, the first one everything; `ids`: by the name that an address
    calls it, those which are there; `document`: its OpenAPI document; `bodies`: of addresses whose example names
    nothing that is there, one that does."""

    url: str
    callers: tuple[FuzzCaller, ...]
    ids: dict[str, list[str]]
    document: dict[str, Any]
    bodies: dict[str, Any]


@contextmanager
def running_target(address: str, pointer: Path, log: Path) -> Iterator[FuzzTarget]:
    """Serve the model that `pointer` names on an empty database until the block ends; write its log to a file."""
    database = open_prepared(address, "Asia/Shanghai")
    try:
        callers = make_callers(database, "r1", "m1", time_ns() // 1_000)
        add_login(database, LOGIN, PASSWORD, time_ns() // 1_000)
        with _serving(address, pointer, log) as url, httpx.Client(base_url=url, headers=callers[0].headers) as http:
            ids = _fill(database, http)
            document = http.get("/openapi.json").raise_for_status().json()
            yield FuzzTarget(url, callers, ids, document, {"/v1/duties/status": _duty_status(http)})
    finally:
        database.close()


@contextmanager
def _serving(address: str, pointer: Path, log: Path) -> Iterator[str]:
    port = free_port()
    options = ServeOptions(
        pointer=pointer,
        database=address,
        host="127.0.0.1",
        port=port,
        workers=1,
        language="zh",
        body_limit=BODY_LIMIT,
        security=SecurityOptions(open=False, tls=False, limits=LIMITS),
        cipher=read_cipher(make_secret_key()),
    )
    with log.open("w") as written:
        with redirect_stderr(written):
            app = build_app(options)
        yield from _served(app, port)


def _served(app: FastAPI, port: int) -> Iterator[str]:
    config = uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, log_level="critical", access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        _wait(server)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join()


def _wait(server: uvicorn.Server) -> None:
    until = time.monotonic() + STARTING_SECONDS
    while not server.started:
        if time.monotonic() > until:
            raise CouldNot("The service did not start.", [Fault("uvicorn", "no answer", "run `kqml serve` by hand")])
        time.sleep(0.01)


def _fill(database: Database, http: httpx.Client) -> dict[str, list[str]]:
    numbers = range(1, COMPANY + 1)
    ids = {f"{kind}_id": [f"{kind[0]}{_sign(n)}" for n in numbers] for kind in ("account", "contact", "decision")}
    reps = [{"rep_id": "m1"}, {"rep_id": "r1", "manager_id": "m1"}, {"rep_id": "r2", "manager_id": "m1"}]
    _post(http, "/v1/reps", {"reps": reps})
    owners = ["r1", "r1", "r2", None]
    accounts = [{"account_id": f"a{_sign(n)}", "tier": "B", "owner_rep_id": owners[n - 1]} for n in numbers]
    _post(http, "/v1/accounts", {"accounts": accounts})
    of = [{"contact_id": f"c{_sign(n)}", "account_id": f"a{_sign(n)}"} for n in numbers]
    people = [{**person, "name": "王小明", "phone": "13800000000"} for person in of]
    _post(http, "/v1/contacts", {"contacts": people})
    _post(http, "/v1/events", {"events": list(_events(numbers))})
    _decide(database, numbers)
    addresses = [f"/v1/accounts/{quote(name, safe='')}/reviews" for name in ids["account_id"]]
    reviews = [_post(http, address, {})["review_id"] for address in addresses]
    return {**ids, "rep_id": ["r1", "r2", "m1"], "review_id": reviews}


def _sign(n: int) -> str:
    """Return the number in an id; the last one contains reserved characters of addresses."""
    return f"{n}" if n < COMPANY else f"/{n}?#%2F"


def _duty_status(http: httpx.Client) -> dict[str, Any]:
    """Return a body that marks a duty of the company as done."""
    page = http.get("/v1/duties", params={"account": "a1"}).raise_for_status().json()
    first = page["duties"][0]
    status = {"duty_id": first["duty_id"], "account_id": "a1", "state": "done", "note": "by hand"}
    return {"week": page["week"], "duties": [status]}


def _post(http: httpx.Client, path: str, body: dict[str, Any]) -> Any:
    return http.post(path, json=body).raise_for_status().json()


def _events(numbers: range) -> Iterator[dict[str, Any]]:
    today = datetime.now(UTC).timestamp() * 1e6
    for n in numbers:
        for day in range(7, 200, 10 + n):
            at = moment_of(int(today) - day * DAY_US).isoformat()
            yield {
                "event_id": f"e{n}-{day}",
                "account_id": f"a{_sign(n)}",
                "occurred_at": at,
                "kind": "order",
                "amount": 100,
            }


def _decide(database: Database, numbers: range) -> None:
    cutoff = 20_000 * DAY_US
    decided = {"week": "2024-W40", "cutoff": cutoff, "policy": "p", "playbook": "pharmacy", "assigned": "visit"}
    lists = {"eligible": '["visit","wait"]', "blocked": '{"call":"cooldown"}'}
    reason = '[{"code":"longer_silent","direction":"rising","contribution":0.5,"text":"已 40 天没有订货"}]'
    scored = {"cutoff": cutoff, "model": "3", "scored_at": cutoff, "eligible": True, "churn_probability": 0.25}
    rest = ("value_at_risk", "before_cutoff", "before_model", "change_calendar", "change_data", "change_model")
    words = {"band": "raised", "reasons": reason, "warnings": "[]", **dict.fromkeys(rest)}
    with database.writing() as connection:
        output = [{**decided, **lists, "decision_id": f"d{_sign(n)}", "account_id": f"a{_sign(n)}"} for n in numbers]
        add_decisions(connection, output, cutoff)
        record_scores(connection, [{**scored, **words, "account_id": f"a{_sign(n)}"} for n in numbers])
