from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqml.errors import CouldNot
from models.churn.checksummed_folder import MANIFEST, read_checksummed, write_checksums

FILES = {"booster.txt": b"tree\nversion=v4\n", "model.json": b'{"grade": "A"}', "empty": b""}


@pytest.fixture
def sealed(tmp_path: Path) -> Path:
    write_checksums(tmp_path / "bundle", FILES)
    return tmp_path / "bundle"


def test_what_was_sealed_comes_back_with_the_same_fingerprint(tmp_path: Path) -> None:
    first = write_checksums(tmp_path / "a", FILES)
    assert write_checksums(tmp_path / "b", dict(reversed(FILES.items()))) == first
    assert read_checksummed(tmp_path / "a") == (dict(sorted(FILES.items())), first)


def test_an_existing_folder_is_not_overwritten(sealed: Path) -> None:
    with pytest.raises(CouldNot, match="bundles are not overwritten"):
        write_checksums(sealed, FILES)


def test_a_disk_that_refuses_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(CouldNot, match="cannot be written"):
        write_checksums(tmp_path / "file" / "bundle", FILES)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("model.json", b'{"grade": "B"}', r"model\.json: the sha256 is [0-9a-f]{12}…, the manifest lists"),
        ("model.json", b'{"grade"', r"model\.json: the file has 8 bytes, the manifest lists 14"),
        ("model.json", None, r"model\.json: the file is missing"),
        ("empty", b"x", r"empty: the file has 1 bytes, the manifest lists 0"),
        (MANIFEST, None, r"manifest\.json: No such file"),
        (MANIFEST, b"{}", r"not a kqml bundle(.|\n)*the format is None"),
        (MANIFEST, b"[1]", r"it is not a JSON object"),
        (MANIFEST, b'{"format": "kqml-bundle"', r"not JSON"),
        (MANIFEST, b'{"format": "kqml-bundle", "format_version": 9}', r"the format version is 9, this program reads 1"),
        (MANIFEST, b'{"format": "kqml-bundle", "format_version": 1, "files": {}}', r"its checksum does not match"),
    ],
)
def test_a_broken_bundle_names_the_file(sealed: Path, name: str, content: bytes | None, said: str) -> None:
    (sealed / name).unlink()
    if content is not None:
        (sealed / name).write_bytes(content)
    with pytest.raises(CouldNot, match=said):
        read_checksummed(sealed)


def test_every_broken_file_is_named_at_once(sealed: Path) -> None:
    (sealed / "model.json").write_bytes(b"")
    (sealed / "booster.txt").unlink()
    with pytest.raises(CouldNot) as caught:
        read_checksummed(sealed)
    assert [Path(fault.where).name for fault in caught.value.faults] == ["booster.txt", "model.json"]


@settings(max_examples=60)
@given(data=st.data())
def test_no_byte_can_change_unnoticed(tmp_path_factory: pytest.TempPathFactory, data: st.DataObject) -> None:
    folder = tmp_path_factory.mktemp("sealed") / "bundle"
    write_checksums(folder, FILES)
    path = folder / data.draw(st.sampled_from(["booster.txt", "model.json", MANIFEST]))
    content = bytearray(path.read_bytes())
    content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    path.write_bytes(content)
    with pytest.raises(CouldNot, match=r"\.(json|txt): "):
        read_checksummed(folder)
