import shutil
from datetime import UTC, datetime
from pathlib import Path
from threading import Event, Thread

import numpy as np
import pytest
from small_company import SmallCompany

from kqml.errors import CouldNot, KqmlError
from models.churn.bundle import load_bundle
from models.churn.checksummed_folder import read_checksummed, write_checksums
from models.churn.scoring import AccountScore, Scorer, create_scorer
from models.registry.aliases import SignedMove, promote, rollback
from models.registry.client import RegistryClient
from models.registry.publishing import publish, watch
from models.registry.served_pointer import POINTER, ServedPointer, read_fault, read_pointer, write_pointer
from models.registry.training import TrainingRecord, log_training
from models.registry.versions import bundle_folder, find_version
from serve.usecases.scoring_model import load_live

NOW = SignedMove("li.na", "", datetime(2024, 3, 1, tzinfo=UTC))


@pytest.fixture
def served(filled: RegistryClient, tmp_path: Path) -> Path:
    """Two versions in the registry, the first one promoted, nothing published yet."""
    promote(filled, "1", NOW)
    return tmp_path / "home" / "served"


def scores_of(scorer: Scorer, company: SmallCompany) -> list[AccountScore]:
    return scorer.score(company.asked(company.cutoff), "en")


def published_scorer(served: Path) -> Scorer:
    return create_scorer(load_bundle(served / read_pointer(served / POINTER).folder))


def test_a_model_scores_after_the_whole_way_as_it_did_before_it(
    registry: RegistryClient, served: Path, company: SmallCompany
) -> None:
    publish(registry, served)
    assert scores_of(published_scorer(served), company) == scores_of(
        create_scorer(load_bundle(company.bundles[0])), company
    )


def test_the_pointer_follows_the_champion_there_and_back(registry: RegistryClient, served: Path) -> None:
    versions = [publish(registry, served)]
    promote(registry, "2", NOW)
    versions.append(publish(registry, served))
    rollback(registry, NOW)
    versions.append(publish(registry, served))
    assert [published.version for published in versions if published] == ["1", "2", "1"]
    assert read_pointer(served / POINTER) == versions[-1]
    assert len([path for path in served.iterdir() if path.is_dir()]) == 2


def test_without_a_champion_nothing_is_published(registry: RegistryClient, tmp_path: Path) -> None:
    assert publish(registry, tmp_path / "served") is None
    assert not (tmp_path / "served").exists()


def test_publishing_again_writes_nothing(registry: RegistryClient, served: Path) -> None:
    publish(registry, served)
    before = {path: path.stat().st_mtime_ns for path in served.rglob("*")}
    publish(registry, served)
    assert {path: path.stat().st_mtime_ns for path in served.rglob("*")} == before


def test_a_published_bundle_that_broke_is_replaced(registry: RegistryClient, served: Path) -> None:
    published = publish(registry, served)
    assert published is not None
    (served / published.folder / "booster.txt").write_text("tr")
    publish(registry, served)
    assert load_bundle(served / published.folder).fingerprint == published.fingerprint


def exchange(folder: Path) -> None:
    """Changes a leaf of a published model and rewrites its manifest to fit."""
    files, _ = read_checksummed(folder)
    trees = files["booster.txt"].decode()
    leaf = trees.split("leaf_value=")[1].split()[0]
    shutil.rmtree(folder)
    changed = trees.replace(f"leaf_value={leaf}", f"leaf_value={leaf[:-1]}{(int(leaf[-1]) + 5) % 10}", 1).encode()
    write_checksums(folder, files | {"booster.txt": changed})


def test_a_published_bundle_whose_manifest_was_rewritten_is_replaced_and_reported(
    registry: RegistryClient, served: Path
) -> None:
    published = publish(registry, served)
    assert published is not None
    exchange(served / published.folder)
    assert load_bundle(served / published.folder).fingerprint != published.fingerprint  # whole by itself
    with pytest.raises(CouldNot, match="The bundle differs from the registered one"):
        load_live(served / POINTER)

    said: list[KqmlError] = []
    publish(registry, served, said.append)

    assert load_live(served / POINTER).card["fingerprint"] == published.fingerprint
    assert [str(fault) for fault in said] == [
        f"{served / published.folder} did not hold the registered bundle and was written again."
    ]


def test_a_champion_that_cannot_be_published_is_named_beside_the_pointer(
    registry: RegistryClient, served: Path, tmp_path: Path
) -> None:
    trees = bundle_folder(registry, find_version(registry, "1")) / "booster.txt"
    whole = trees.read_bytes()
    trees.write_text("tr")
    with pytest.raises(CouldNot):
        publish(registry, served)
    fault = read_fault(served / POINTER)
    assert fault is not None
    assert "restore a backup with `kqml restore`, or promote another version" in fault

    trees.write_bytes(whole)
    publish(registry, served)
    assert read_fault(served / POINTER) is None


def test_a_champion_that_cannot_be_read_leaves_the_last_good_one(
    registry: RegistryClient, served: Path, company: SmallCompany
) -> None:
    good = publish(registry, served)
    bad = log_training(registry, company.bundles[1], TrainingRecord())
    promote(registry, str(bad.number), NOW)
    (bundle_folder(registry, bad) / "booster.txt").write_text("tr")
    with pytest.raises(CouldNot, match=r"booster\.txt: the file has 2 bytes"):
        publish(registry, served)
    assert read_pointer(served / POINTER) == good


def test_the_watcher_publishes_what_was_promoted_elsewhere(registry: RegistryClient, served: Path) -> None:
    stop, seen = Event(), []

    def report(fault: object) -> None:
        seen.append((fault, read_pointer(served / POINTER).version))
        if len(seen) == 1:
            promote(registry, "2", NOW)
        else:
            stop.set()

    watcher = Thread(target=watch, args=(registry, served, stop, 0.01, report))
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

    watch(RegistryClient(f"sqlite:///{tmp_path / 'not.db'}", tmp_path), tmp_path / "served", stop, 0.01, report)
    assert [type(fault) for fault in faults] == [CouldNot, CouldNot]


POINTED = ServedPointer("1", "1-abc", "A", "2024-03-01T00:00:00+00:00", "abc")


def test_a_pointer_comes_back_as_written(tmp_path: Path) -> None:
    write_pointer(tmp_path / POINTER, POINTED)
    assert read_pointer(tmp_path / POINTER) == POINTED
    assert [path.name for path in tmp_path.iterdir()] == [POINTER]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "cannot be read"),
        (b'{"version": "1"}', "missing 4 required positional arguments"),
        (
            b'{"version":"1","folder":"../x","grade":"A","since":"","fingerprint":""}',
            "does not name a folder next to it",
        ),
        (b'{"version":1,"folder":"x","grade":"A","since":"","fingerprint":""}', "does not name a folder next to it"),
        (None, "No such file"),
    ],
)
def test_a_pointer_that_is_none_is_refused(tmp_path: Path, content: bytes | None, said: str) -> None:
    if content is not None:
        (tmp_path / POINTER).write_bytes(content)
    with pytest.raises(CouldNot, match=said):
        read_pointer(tmp_path / POINTER)


def test_two_models_give_two_scores(company: SmallCompany) -> None:
    first, second = (create_scorer(load_bundle(path)) for path in company.bundles)
    known = [
        np.array([score.churn_probability for score in scores_of(scorer, company) if score.eligible])
        for scorer in (first, second)
    ]
    assert not np.array_equal(*known)
