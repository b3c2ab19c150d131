"""The service with its database: scores of stored accounts, events in batches, models exchanged under load, long
runs."""

import argparse
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from experiments.bench.load import Load, measure_load
from experiments.bench.score import train_iowa
from experiments.bench.servers import DATABASES, database_address, database_service, mlflow_service
from experiments.bench.service_load.background_load import measure_ingest, swapping
from experiments.bench.service_load.soak import Soak, soak
from experiments.bench.service_load.stores import LoadedCompany, fill, two_versions
from experiments.demo_home import demo_home
from kqml.dataset.folder import Dataset, read_dataset
from kqml.errors import CouldNot, Fault
from models.registry.served_pointer import POINTER
from serve.usecases.scoring_model import BundleScoring, load_live

ACCOUNTS = 64
"""Accounts that take turns, so that no branch or cache is tuned to one."""

WARM_SECONDS = 10.0
"""Until the service has started wholly: its process that follows the registry imports MLflow meanwhile."""


def describe(parser: argparse.ArgumentParser) -> None:
    """How much is asked, by how many, for how long."""
    parser.add_argument("--databases", nargs="+", choices=DATABASES, default=list(DATABASES))
    parser.add_argument("--reasons", type=int, default=3)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2, help="of any service")
    parser.add_argument("--seconds", type=float, default=20, help="of each load")
    parser.add_argument("--events", type=int, default=100_000, help="sent in batches")
    parser.add_argument("--swap-every", type=float, default=2, help="seconds between two models")
    parser.add_argument("--soak", type=float, default=0, help="minutes of ordinary work, instead of the loads")
    parser.add_argument("--quick", action="store_true", help="the demo's company, loads of 3 s, 20,000 events")
    parser.add_argument("--home", type=Path, help="a home with `dataset` or `data`, a champion, instead of a new one")


def run(args: argparse.Namespace) -> dict[str, Any]:
    """Measures every database in turn, then MLflow's service on the same accounts; soaks all databases at once."""
    if args.quick:
        args.seconds, args.events = min(args.seconds, 3.0), min(args.events, 20_000)
    with TemporaryDirectory(prefix="kqml-bench-") as folder:
        scratch = Path(folder)
        home = args.home or _created(scratch, args.quick)
        scoring = load_live(home / "served" / POINTER).score
        assert isinstance(scoring, BundleScoring)
        dataset = read_dataset(home / ("dataset" if (home / "dataset").exists() else "data"))
        measure = partial(_measured, scratch=scratch, home=home, dataset=dataset, scoring=scoring, args=args)
        with ThreadPoolExecutor(len(args.databases) if args.soak else 1) as pool:  # memory can be watched side by side
            output = dict(zip(args.databases, pool.map(measure, args.databases), strict=True))
        result = {"parameters": _parameters(args), **{name: details for name, (details, _) in output.items()}}
        if not args.soak:
            result["mlflow"] = asdict(_mlflow(home, next(iter(output.values()))[1], args))
    return result


def render(result: Mapping[str, Any]) -> Iterator[str]:
    """A line for each load."""
    for database in (name for name in DATABASES if name in result):
        details = result[database]
        if "soak" in details:
            yield f"{database:11} {details['soak']}"
            continue
        yield f"{database:11} scores   {_line(details['scores'])}"
        yield f"{database:11} swapping {_line(details['swapping'])}, {details['swaps']} models"
        yield f"{database:11} events   {details['events_per_s']:.0f}/s"
    if "mlflow" in result:
        yield f"{'mlflow':11} scores   {_line(result['mlflow'])}"


def _line(load: Mapping[str, Any]) -> str:
    per_s, p50, p99 = (load[name] for name in ("requests_per_s", "p50_ms", "p99_ms"))
    return f"{per_s:7.0f} requests/s, p50 {p50:.1f} ms, p99 {p99:.1f} ms, {load['failed']} failed"


def _parameters(args: argparse.Namespace) -> dict[str, Any]:
    request = {
        name: getattr(args, name) for name in ("reasons", "clients", "workers", "seconds", "events", "swap_every")
    }
    if args.soak:
        request = {"workers": args.workers, "swap_every": args.swap_every, "soak": args.soak}
    return {**request, **({"quick": True} if args.quick else {})}


def _created(scratch: Path, quick: bool) -> Path:
    if quick:
        return demo_home(scratch)
    home = scratch / "home"
    train_iowa(home)
    return home


def _measured(
    name: str, scratch: Path, home: Path, dataset: Dataset, scoring: BundleScoring, args: argparse.Namespace
) -> tuple[dict[str, Any], LoadedCompany]:
    own = scratch / f"service-{name}"
    own.mkdir()
    pointer, versions = two_versions(home / "served", own)
    with database_address(name, own) as address:
        company = fill(address, dataset, scoring, ACCOUNTS, args.reasons)
        with database_service(own, args.workers, address) as (url, group):
            if args.soak:
                with swapping(pointer, versions, args.swap_every) as moved:
                    result = soak(Soak(url, group, company, args.soak))
                return {"soak": {**result, "swaps": len(moved)}}, company
            _load(url, company, args, min(WARM_SECONDS, args.seconds))
            scores = _loaded(url, company, args)
            with swapping(pointer, versions, args.swap_every) as moved:
                swapped = _loaded(url, company, args)
            events = measure_ingest(url, company.headers, args.events)
    result = {"scores": asdict(scores), "swapping": asdict(swapped), "swaps": len(moved), "events_per_s": events}
    return result, company


def _loaded(url: str, company: LoadedCompany, args: argparse.Namespace) -> Load:
    load = _load(url, company, args, args.seconds)
    if load.failed:
        raise CouldNot("Requests failed under load.", [Fault(url, f"{load.failed} failed", "read the service's log")])
    return load


def _load(url: str, company: LoadedCompany, args: argparse.Namespace, seconds: float) -> Load:
    return measure_load(f"{url}/v1/scores", company.bodies, args.clients, seconds, company.headers)


def _mlflow(home: Path, company: LoadedCompany, args: argparse.Namespace) -> Load:
    with mlflow_service(home, args.workers) as url:
        measure_load(f"{url}/invocations", company.rows, args.clients, min(WARM_SECONDS, args.seconds))
        return measure_load(f"{url}/invocations", company.rows, args.clients, args.seconds)
