"""The service benchmark in small: what it measures, what it would notice."""

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

import orjson
import pytest
from published_bundles import publish
from small_company import shared_small_company

from experiments.bench import serve
from experiments.bench.service_load.background_load import event_batches
from experiments.bench.service_load.soak import resident_mib, slope_per_hour
from kqml.dataset.folder import read_dataset
from models.registry.served_pointer import POINTER
from serve.usecases.scoring_model import load_live


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a dataset, a served model."""
    company = shared_small_company()
    pointer = publish(company, 0)
    shutil.copytree(company.bundles[0], tmp_path / "home" / "served" / company.bundles[0].name)
    shutil.copy(pointer, tmp_path / "home" / "served" / POINTER)
    shutil.copytree(company.dataset.path, tmp_path / "home" / "dataset")
    return tmp_path / "home"


def measured(home: Path, scratch: Path, *words: str) -> dict:
    parser = argparse.ArgumentParser()
    serve.describe(parser)
    args = parser.parse_args(["--workers", "1", "--clients", "2", "--seconds", "1", "--swap-every", "0.2", *words])
    scoring = load_live(home / "served" / POINTER).score
    told, company = serve._measured("sqlite", scratch, home, read_dataset(home / "dataset"), scoring, args)
    assert len(company.bodies) == len(company.rows) > 5
    return told


@pytest.mark.slow
def test_stored_accounts_are_scored_while_models_are_exchanged_and_events_come_in(home, tmp_path, monkeypatch):
    monkeypatch.setattr(serve, "WARM_SECONDS", 0.2)
    told = measured(home, tmp_path, "--events", "1200")

    assert told["scores"]["requests_per_s"] > 20
    assert (told["scores"]["failed"], told["swapping"]["failed"]) == (0, 0)
    assert told["swaps"] >= 3
    assert told["events_per_s"] > 100


@pytest.mark.slow
def test_a_soak_tells_what_memory_the_service_held(home, tmp_path):
    told = measured(home, tmp_path, "--soak", "0.05")["soak"]

    assert (told["failed"], told["scores"] > 10, told["events"] > 200, told["swaps"] > 3) == (0, True, True, True)
    assert told["rss_end_mib"] > 50


def test_a_growth_of_memory_is_told_by_the_hour():
    seconds = [0.0, 600.0, 1200.0, 1800.0]

    assert slope_per_hour(seconds, [200.0, 210.0, 220.0, 230.0]) == pytest.approx(60.0)
    assert slope_per_hour(seconds, [200.0] * 4) == pytest.approx(0.0, abs=1e-9)


def test_memory_counts_every_process_of_the_group():
    program = "import time; held = bytearray(64 << 20); print(1, flush=True); time.sleep(60)"
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, start_new_session=True)
    try:
        assert process.stdout is not None
        process.stdout.readline()
        assert 64 < resident_mib(process.pid) < 200
    finally:
        process.kill()
        process.communicate()
    assert resident_mib(os.getpgid(0)) > 0


def test_batches_hold_every_event_once():
    ids = [event["event_id"] for body in event_batches("n", 12, 5) for event in orjson.loads(body)["events"]]

    assert ids == [f"n-{number}" for number in range(12)]
