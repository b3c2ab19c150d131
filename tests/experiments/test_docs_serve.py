"""The section on the service with its store."""

from experiments.docs.service_sections import next_actions_section, serve_section

LOAD = {"requests_per_s": 900.0, "p50_ms": 8.0, "p99_ms": 14.0, "failed": 0}
ASKED = {"clients": 8, "workers": 2, "reasons": 3, "seconds": 20.0}
SOAK = {"scores": 12_000, "events": 3_000, "swaps": 9, "failed": 0}
MEMORY = {"rss_settled_mib": 400.0, "rss_end_mib": 401.0, "rss_slope_mib_per_hour": 2.25}


def test_loads_stand_beside_mlflows_service():
    told = {"scores": LOAD, "swapping": {**LOAD, "p99_ms": 20.0}, "swaps": 9, "events_per_s": 6000.0}
    result = {"parameters": ASKED, "sqlite": told, "mlflow": {**LOAD, "requests_per_s": 300.0}}
    lines = "\n".join(serve_section([result])).splitlines()

    assert "| sqlite | 900 | 8.0 ms | 14.0 ms | 3.0 | 0 | – | 6,000 |" in lines
    assert "| sqlite, swapping | 900 | 8.0 ms | 20.0 ms | 3.0 | 0 | 9 | – |" in lines
    assert "| mlflow models serve | 300 | 8.0 ms | 14.0 ms | 1.0 | 0 | – | – |" in lines


def test_long_runs_tell_their_memory():
    result = {"parameters": {"workers": 2, "soak": 30.0}, "postgresql": {"soak": {**SOAK, **MEMORY}}}
    lines = "\n".join(serve_section([result])).splitlines()

    assert "| postgresql | 30 | 12,000 | 3,000 | 9 | 0 | 400 → 401 MiB | +2.2 |" in lines


def test_next_actions_stand_beside_scores_and_mlflows_service_ratios_first():
    loads = {"next_actions": {**LOAD, "requests_per_s": 150.0}, "scores": LOAD, "mlflow": LOAD}
    result = {"parameters": {"clients": 8, "workers": 2, "runs": 5, "accounts": 200}, "sqlite": loads}
    lines = "\n".join(next_actions_section([result])).splitlines()

    assert "8 clients, 2 workers, 5 runs, 200 accounts in each run." in lines
    assert "| sqlite | next actions | 0.2 | 150 | 8.0 ms | 14.0 ms |" in lines
    assert "| sqlite | mlflow | 1.0 | 900 | 8.0 ms | 14.0 ms |" in lines
