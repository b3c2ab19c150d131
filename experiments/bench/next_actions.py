"""Next actions and scores of stored accounts, each account once a run, beside MLflow's service on the same accounts."""

import argparse
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from experiments.bench.load import Load, measure_once
from experiments.bench.servers import DATABASES, database_address, database_service, mlflow_service
from experiments.bench.service_load.stores import LoadedCompany, fill, two_versions
from experiments.demo_home import demo_home
from kqml.dataset.folder import read_dataset
from kqml.errors import CouldNot, Fault
from models.registry.served_pointer import POINTER
from serve.usecases.scoring_model import BundleScoring, load_live

WARMING = 16
"""Accounts requested before the first run, so that every worker has imported and compiled everything."""

SERVICES = ("next_actions", "scores", "mlflow")


def describe(parser: argparse.ArgumentParser) -> None:
    """Add the options of the load."""
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2, help="of any service")
    parser.add_argument("--runs", type=int, default=5, help="alternating runs of each service")
    parser.add_argument("--accounts", type=int, default=200, help="of each run; no account is requested twice")
    parser.add_argument("--home", type=Path, help="a home with `data` and a champion, instead of a new demo")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measure each database in turn; the services alternate within it."""
    keys = ("clients", "workers", "runs", "accounts")
    with TemporaryDirectory(prefix="kqml-bench-") as folder:
        home = args.home or demo_home(Path(folder))
        results = {name: _measured(name, home, Path(folder), args) for name in args.databases}
    return {"parameters": {key: getattr(args, key) for key in keys}, **results}


def render(result: Mapping[str, Any]) -> Iterator[str]:
    """Yield a line for each load, ratios first."""
    for database in (name for name in DATABASES if name in result):
        for service in SERVICES:
            load = result[database][service]
            ratio = load["requests_per_s"] / result[database]["mlflow"]["requests_per_s"]
            yield (
                f"{database:11} {service:13} {ratio:6.2f} x mlflow, {load['requests_per_s']:7.1f} requests/s, "
                f"p50 {load['p50_ms']:.1f} ms, p99 {load['p99_ms']:.1f} ms"
            )


def _measured(name: str, home: Path, scratch: Path, args: argparse.Namespace) -> dict[str, Any]:
    """Return the medians of the runs by service."""
    own = scratch / f"service-{name}"
    own.mkdir()
    two_versions(home / "served", own)
    scoring = load_live(home / "served" / POINTER).score
    assert isinstance(scoring, BundleScoring)
    with ExitStack() as stack:
        address = stack.enter_context(database_address(name, own))
        count = WARMING + args.runs * args.accounts
        company = fill(address, read_dataset(home / "data"), scoring, count, 3)
        if len(company.accounts) < count:
            todo = f"give fewer --accounts or --runs: {count} are needed"
            raise CouldNot("The company is too small.", [Fault(str(home), f"{len(company.accounts)} accounts", todo)])
        url, _ = stack.enter_context(database_service(own, args.workers, address))
        peer = stack.enter_context(mlflow_service(home, args.workers))
        services = _requests(company, url, peer)
        _loads(services, slice(WARMING), args.clients)
        starts = range(WARMING, count, args.accounts)
        runs = [_loads(services, slice(start, start + args.accounts), args.clients) for start in starts]
    return {service: _median([loads[service] for loads in runs]) for service in SERVICES}


def _requests(company: LoadedCompany, url: str, peer: str) -> dict[str, tuple[str, Sequence[bytes], Mapping[str, str]]]:
    """Return the address, bodies and headers of each service."""
    actions = [orjson.dumps({"accounts": [{"account_id": name}], "commit": True}) for name in company.accounts]
    return {
        "next_actions": (f"{url}/v1/next-actions", actions, company.headers),
        "scores": (f"{url}/v1/scores", company.bodies, company.headers),
        "mlflow": (f"{peer}/invocations", company.rows, {}),
    }


def _loads(
    services: Mapping[str, tuple[str, Sequence[bytes], Mapping[str, str]]], accounts: slice, clients: int
) -> dict[str, Load]:
    """Measure each service once. Raises CouldNot where a request fails."""
    results = {}
    for name, (url, bodies, headers) in services.items():
        results[name] = load = measure_once(url, bodies[accounts], clients, headers)
        if load.failed:
            raise CouldNot("Requests failed under load.", [Fault(url, f"{load.failed} failed", "read the log")])
    return results


def _median(loads: Sequence[Load]) -> dict[str, float]:
    numbers = [{key: value for key, value in asdict(load).items() if key != "by"} for load in loads]
    return {key: median(row[key] for row in numbers) for key in numbers[0]}
