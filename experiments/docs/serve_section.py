"""The section on the service with its store: loads beside MLflow's service, long runs."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from experiments.docs.tables import table

DATABASES = ("sqlite", "postgresql")


def serve_section(results: list[dict[str, Any]]) -> Iterator[str]:
    """Loads first, then soaks."""
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
