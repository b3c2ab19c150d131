"""Sections on the service: load, a large company's week, killed processes."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.docs.tables import table

TORTURE_HEADS = ("database", "service killed", "database killed", "events", "states", "wrong")
TORTURE_FOOT = "`kill -9` at random moments. Acknowledged: *events*, *states*; *wrong*: lost, doubled, changed, torn.\n"
PLAN_HEADS = ("accounts", "events", "command", "seconds", "seconds of processor", "peak GiB")

DATABASES = ("sqlite", "postgresql")


def serve_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield loads first, then soak tests."""
    loads = [result for result in results if "mlflow" in result]
    soaks = [result for result in results if "soak" in result["parameters"]]
    if loads:
        yield "## The service with its store\n\n`python -m experiments.bench serve --json --save`\n"
        yield (
            "Scores of one stored account each, by an API key; the same while models are exchanged; events in batches "
            "of 5,000, each acknowledged before the next. MLflow's service gets the feature rows ready-made.\n"
        )
    for result in loads:
        details = result["parameters"]
        request = (f"{details[name]} {name}" for name in ("clients", "workers", "reasons"))
        yield f"{', '.join(request)}, {details['seconds']:.0f} s each.\n"
        head = ("service", "requests/s", "p50", "p99", "× mlflow", "failed", "models exchanged", "events/s")
        yield from table(head, _load_rows(result))
    if soaks:
        yield "### Long runs\n\n`make soak`\n"
        head = ("database", "minutes", "scores", "events", "models exchanged", "failed", "memory", "MiB/hour")
        yield from table(head, (row for result in soaks for row in _soak_rows(result)))


def _load_rows(result: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    theirs = result["mlflow"]
    for name in (name for name in DATABASES if name in result):
        details = result[name]
        yield name, *_load(details["scores"], theirs), "–", f"{details['events_per_s']:,.0f}"
        yield f"{name}, swapping", *_load(details["swapping"], theirs), str(details["swaps"]), "–"
    yield "mlflow models serve", *_load(theirs, theirs), "–", "–"


def _load(load: Mapping[str, Any], theirs: Mapping[str, Any]) -> Sequence[str]:
    return (
        f"{load['requests_per_s']:,.0f}",
        *(f"{load[name]:.1f} ms" for name in ("p50_ms", "p99_ms")),
        f"{load['requests_per_s'] / theirs['requests_per_s']:.1f}",
        str(load["failed"]),
    )


def _soak_rows(result: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for name in (name for name in DATABASES if name in result):
        details = result[name]["soak"]
        yield (
            name,
            f"{result['parameters']['soak']:g}",
            *(f"{details[key]:,}" for key in ("scores", "events", "swaps", "failed")),
            f"{details['rss_settled_mib']:,.0f} → {details['rss_end_mib']:,.0f} MiB",
            f"{details['rss_slope_mib_per_hour']:+.1f}",
        )


def next_actions_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield the loads of next actions and scores beside MLflow's, ratios first."""
    yield "## Next actions\n\n`python -m experiments.bench next_actions --json --save`\n"
    yield (
        "Each account is requested once in a run, by an API key. A next action is committed: the decision and its "
        "message are stored before the answer. MLflow's service gets the feature rows ready-made. Medians of runs in "
        "turn.\n"
    )
    for result in results:
        request = (f"{number} {name}" for name, number in result["parameters"].items())
        yield f"{', '.join(request)} in each run.\n"
        yield from table(("database", "service", "× mlflow", "requests/s", "p50", "p99"), _next_action_rows(result))


def _next_action_rows(result: Mapping[str, Any]) -> Iterator[Sequence[str]]:
    for database in (name for name in DATABASES if name in result):
        theirs = result[database]["mlflow"]
        for service, load in result[database].items():
            per_second, p50, p99, ratio, _ = _load(load, theirs)
            yield database, service.replace("_", " "), ratio, per_second, p50, p99


def plan_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a row for each command."""
    yield "## A large company scored, explained, planned\n"
    yield "`python -m experiments.bench plan --json --save`, with `--database` for the rows of the store\n"
    for result in results:
        yield from table(PLAN_HEADS, (_plan_row(result, name) for name in result["seconds"]))
        yield _plan_summary(result)


def _plan_row(result: dict[str, Any], name: str) -> list[str]:
    seconds = (f"{result[run][name]:.0f}" for run in ("seconds", "processor_seconds"))
    counts = (f"{result['parameters']['accounts']:,}", f"{result['events']:,}")
    return [*counts, f"`kqml {name}`", *seconds, f"{result['peak_gib'][name]:.1f}"]


def _plan_summary(result: dict[str, Any]) -> str:
    message = f"{result['scored']:,} scored, {result['recommended']:,} actions for {result['reps']:,} reps"
    sums = ", ".join(f"{form} {total:.0f} s" for form, total in result["total"].items() if total is not None)
    size = result["store_bytes"]
    retained = f"; in the store decisions of a week take {size['decisions'] / 2**20:,.0f} MiB" if size else ""
    return f"{message}. Scored, explained, planned: {sums}{retained}.\n"


def torture_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Yield a row for each database: kills, acknowledged writes and errors among them."""
    yield "## Nothing acknowledged is lost\n\n`python -m experiments.torture --kills 200 --save` (`make torture`)\n"
    for result in results:
        yield from table(
            TORTURE_HEADS, (_torture_row(name, output) for name, output in result.items() if name != "parameters")
        )
    yield TORTURE_FOOT


def _torture_row(name: str, result: dict[str, Any]) -> list[str]:
    killed, retained = result["killed"], result["acknowledged"]
    counts = (killed.get("service", 0), killed.get("postgresql", 0), retained["events"], retained["states"])
    return [name, *map(str, counts), str(sum(result["wrong"].values()))]
