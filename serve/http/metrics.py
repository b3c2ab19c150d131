"""Prometheus metrics of the service."""

import os
from collections.abc import Iterable, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from serve.usecases.served_model import ServedModel

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.015, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
SHARED_METRICS = "PROMETHEUS_MULTIPROC_DIR"
"""The variable by which prometheus_client, when imported, is told to count into files of a folder."""

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The metrics of one app; with several workers (SHARED_METRICS) a scrape sums over all of them."""

    def __init__(self, served: ServedModel, addition: Sequence[Collector] = ()) -> None:
        """`addition`: a further collector."""
        self._own = CollectorRegistry()
        self._requested = _registry_of([_ModelCollector(served), *addition])
        self._requests = Counter(
            "kqml_http_requests", "Requests answered.", ("route", "method", "status"), registry=self._own
        )
        self._seconds = Histogram(
            "kqml_http_request_seconds", "Time to answer.", ("route",), buckets=SECONDS, registry=self._own
        )
        self._scored = Counter("kqml_scored_accounts", "Accounts scored.", registry=self._own)

    def observe(self, route: str, method: str, status: int, seconds: float, scored: int) -> None:
        """Count a request; `route` is the template, never the path."""
        self._requests.labels(route, method if method in METHODS else "other", str(status)).inc()
        self._seconds.labels(route).observe(seconds)
        if scored:
            self._scored.inc(scored)

    def exposition(self) -> bytes:
        """Return everything in Prometheus' text format. Reads the database: not to be called on the event loop."""
        registry = self._own
        if SHARED_METRICS in os.environ:
            registry = CollectorRegistry()
            MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
        return generate_latest(registry) + generate_latest(self._requested)


class _ModelCollector(Collector):
    """The model of this worker at the moment of the scrape."""

    def __init__(self, served: ServedModel) -> None:
        self._served = served

    def collect(self) -> Iterable[Metric]:
        state = self._served.state
        fault = GaugeMetricFamily("kqml_model_fault", "1 while the published model cannot be loaded.")
        fault.add_metric([], float(state.fault is not None))
        yield fault
        model = GaugeMetricFamily("kqml_model_info", "The model that answers.", labels=("version", "grade"))
        if state.live is not None:
            model.add_metric([state.live.version, state.live.grade], 1.0)
        yield model


def _registry_of(collectors: Sequence[Collector]) -> CollectorRegistry:
    registry = CollectorRegistry()
    for collector in collectors:
        registry.register(collector)
    return registry
