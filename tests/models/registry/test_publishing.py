from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from small_company import SmallCompany

from kqml.errors import CouldNot
from models.churn.bundle import load_bundle
from models.churn.scoring import Score, Scorer, scorer_of
from models.registry.aliases import Signed, promote, rollback
from models.registry.client import RegistryStore
from models.registry.publishing import publish, watch
from models.registry.served_pointer import POINTER, Published, read_pointer, write_pointer
from models.registry.training import TrainingRecord, log_training
from models.registry.versions import bundle_folder

NOW = Signed("li.na", "", datetime(2024, 3, 1, tzinfo=UTC))


@pytest.fixture
def served(filled: RegistryStore, tmp_path: Path) -> Path:
    """Two versions in the registry, the first one promoted, nothing published yet."""
    promote(filled, "1", NOW)
    return tmp_path / "home" / "served"


def scores_of(scorer: Scorer, company: SmallCompany) -> list[Score]:
    return scorer.score(company.asked(company.cutoff), "en")


def published_scorer(served: Path) -> Scorer:
    return scorer_of(load_bundle(served / read_pointer(served / POINTER).folder))


def test_a_model_scores_after_the_whole_way_as_it_did_before_it(
    store: RegistryStore, served: Path, company: SmallCompany
) -> None:
    publish(store, served)
    assert scores_of(published_scorer(served), company) == scores_of(
        scorer_of(load_bundle(company.bundles[0])), company
    )


def test_the_pointer_follows_the_champion_there_and_back(store: RegistryStore, served: Path) -> None:
    versions = [publish(store, served)]
    promote(store, "2", NOW)
    versions.append(publish(store, served))
    rollback(store, NOW)
    versions.append(publish(store, served))
    assert [published.version for published in versions if published] == ["1", "2", "1"]
    assert read_pointer(served / POINTER) == versions[-1]
    assert len([path for path in served.iterdir() if path.is_dir()]) == 2


def test_without_a_champion_nothing_is_published(store: RegistryStore, tmp_path: Path) -> None:
    assert publish(store, tmp_path / "served") is None
    assert not (tmp_path / "served").exists()


def test_publishing_again_writes_nothing(store: RegistryStore, served: Path) -> None:
    publish(store, served)
    before = {path: path.stat().st_mtime_ns for path in served.rglob("*")}
    publish(store, served)
    assert {path: path.stat().st_mtime_ns for path in served.rglob("*")} == before


def test_a_published_bundle_that_broke_is_replaced(store: RegistryStore, served: Path) -> None:
    published = publish(store, served)
    assert published is not None
    (served / published.folder / "booster.txt").write_text("tr")
    publish(store, served)
    assert load_bundle(served / published.folder).fingerprint == published.fingerprint


def test_a_champion_that_cannot_be_read_leaves_the_last_good_one(
    store: RegistryStore, served: Path, company: SmallCompany
) -> None:
    good = publish(store, served)
    bad = log_training(store, company.bundles[1], TrainingRecord())
    promote(store, str(bad.number), NOW)
    (bundle_folder(store, bad) / "booster.txt").write_text("tr")
    with pytest.raises(CouldNot, match=r"booster\.txt: 2 bytes"):
        publish(store, served)
    assert read_pointer(served / POINTER) == good


def test_the_watcher_publishes_what_was_promoted_elsewhere(store: RegistryStore, served: Path) -> None:
    stop, seen = Event(), []

    def report(fault: object) -> None:
        seen.append((fault, read_pointer(served / POINTER).version))
        if len(seen) == 1:
            promote(store, "2", NOW)
        else:
            stop.set()

    watcher = Thread(target=watch, args=(store, served, stop, 0.01, report))
    watcher.start()
    watcher.join(timeout=60)
    assert seen == [(None, "1"), (None, "2")]


def test_the_watcher_survives_a_registry_that_is_gone(tmp_path: Path) -> None:
    (tmp_path / "not.db").write_text("no database at all, though long enough to be looked at" * 5)
    stop, faults = Event(), []

    def report(fault: object) -> None:
        faults.append(fault)
        if len(faults) == 2:
            stop.set()

    watch(RegistryStore(f"sqlite:///{tmp_path / 'not.db'}", tmp_path), tmp_path / "served", stop, 0.01, report)
    assert [type(fault) for fault in faults] == [CouldNot, CouldNot]


POINTED = Published("1", "1-abc", "A", "2024-03-01T00:00:00+00:00", "abc")


def test_a_pointer_comes_back_as_written(tmp_path: Path) -> None:
    write_pointer(tmp_path / POINTER, POINTED)
    assert read_pointer(tmp_path / POINTER) == POINTED
    assert [path.name for path in tmp_path.iterdir()] == [POINTER]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b'{"version": "1"}', "missing 4 required positional arguments"),
        (b'{"version":"1","folder":"../x","grade":"A","since":"","fingerprint":""}', "names no folder beside it"),
        (b'{"version":1,"folder":"x","grade":"A","since":"","fingerprint":""}', "names no folder beside it"),
        (None, "No such file"),
    ],
)
def test_a_pointer_that_is_none_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / POINTER).write_bytes(content)
    with pytest.raises(CouldNot, match=said):
        read_pointer(tmp_path / POINTER)


def test_two_models_give_two_scores(company: SmallCompany) -> None:
    first, second = (scorer_of(load_bundle(path)) for path in company.bundles)
    known = [
        np.array([score.churn_probability for score in scores_of(scorer, company) if score.eligible])
        for scorer in (first, second)
    ]
    assert not np.array_equal(*known)
