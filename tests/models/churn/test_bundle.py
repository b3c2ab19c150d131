from pathlib import Path

import numpy as np
import orjson
import pytest
from small_model import NO_PEERS, small_model, small_rows

from kqml.dataset.folder import DatasetInfo
from kqml.errors import CouldNot
from models.churn.bundle import DATASET, MODEL, PEERS, TREES, TYPICAL, load_bundle, save_bundle, typical_values
from models.churn.checksummed_folder import read_checksummed, write_checksums

INFO = DatasetInfo(time_zone="UTC", currency="USD", kinds_recorded={"order": "2020-01-01T00:00:00+00:00"})


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    save_bundle(tmp_path / "bundle", small_model(), INFO, small_rows(), NO_PEERS)
    return tmp_path / "bundle"


def test_a_loaded_bundle_predicts_bit_for_bit_what_the_model_did(folder: Path) -> None:
    model, rows = small_model(), small_rows()
    loaded = load_bundle(folder).model
    assert np.array_equal(loaded.probability(rows), model.probability(rows))
    assert np.array_equal(loaded.contributions(rows), model.contributions(rows))
    assert (loaded.columns, loaded.categories, loaded.grade) == (model.columns, model.categories, model.grade)
    assert (loaded.definition, loaded.bands, loaded.base_rate) == (model.definition, model.bands, model.base_rate)


def test_a_bundle_carries_what_scoring_needs(folder: Path) -> None:
    bundle = load_bundle(folder)
    assert bundle.dataset == INFO
    assert bundle.typical.shape == (4,)
    assert np.isnan(bundle.typical[3])


def test_the_same_model_gives_the_same_fingerprint(folder: Path, tmp_path: Path) -> None:
    again = save_bundle(tmp_path / "again", small_model(), INFO, small_rows(), NO_PEERS)
    assert again == load_bundle(folder).fingerprint


@pytest.mark.parametrize("missing", [TREES, MODEL, DATASET, TYPICAL, PEERS])
def test_a_sealed_folder_without_a_part_of_the_model_is_incomplete(folder: Path, tmp_path: Path, missing: str) -> None:
    files, _ = read_checksummed(folder)
    write_checksums(tmp_path / "other", {name: content for name, content in files.items() if name != missing})
    with pytest.raises(CouldNot, match=f"{missing}: the manifest does not list the file"):
        load_bundle(tmp_path / "other")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        (MODEL, b"{}"),
        (MODEL, b"[]"),
        (MODEL, b"not json"),
        (MODEL, None),
        (DATASET, b'{"unheard_of": 1}'),
        (TREES, b"no trees here"),
    ],
)
def test_a_sealed_folder_of_another_program_is_refused(
    folder: Path, tmp_path: Path, name: str, content: bytes | None
) -> None:
    files, _ = read_checksummed(folder)
    foreign = orjson.dumps({**orjson.loads(files[MODEL]), "definition": {"days": 3}}) if content is None else content
    write_checksums(tmp_path / "other", {**files, name: foreign})
    with pytest.raises(CouldNot, match="cannot be loaded by this version of kqml"):
        load_bundle(tmp_path / "other")


def test_typical_is_the_median_of_what_is_present() -> None:
    values = np.array([[1.0, np.nan, 5.0], [3.0, np.nan, 6.0], [np.nan, np.nan, 7.0], [8.0, np.nan, 8.0]])
    assert typical_values(values, numeric=2).tolist()[0] == 3.0
    assert np.isnan(typical_values(values, numeric=2)[1:]).all()
