"""Sealed text: readable with the key, at its place, unchanged; otherwise not at all."""

import base64
import stat

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kqml.errors import BadUse, CouldNot
from serve.security.encryption import cipher_from_file, make_secret_key, read_cipher

OLD, NEW = (base64.b64encode(bytes([number]) * 32).decode() for number in (1, 2))
SEALER = read_cipher(OLD)


@settings(max_examples=50)
@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])), st.text(alphabet="abc.:", max_size=5))
def test_what_is_sealed_opens_at_its_place(plain, place):
    sealed = SEALER.seal(plain, place)
    assert SEALER.is_current(sealed)
    assert SEALER.open(sealed, place) == plain
    with pytest.raises(CouldNot, match="changed or moved"):
        SEALER.open(sealed, place + "x")


def test_the_same_text_is_never_sealed_the_same():
    assert len({SEALER.seal("王小明", "c1.name") for _ in range(50)}) == 50


def test_any_changed_byte_is_noticed():
    sealed = SEALER.seal("王小明", "c1.name")
    head, blob = sealed.rsplit(":", 1)
    raw = base64.urlsafe_b64decode(blob)
    for place in range(len(raw)):
        changed = raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :]
        with pytest.raises(CouldNot, match="changed or moved"):
            SEALER.open(f"{head}:{base64.urlsafe_b64encode(changed).decode()}", "c1.name")


def test_the_newest_key_seals_and_every_key_opens():
    sealed = SEALER.seal("13800000000", "c1.phone")
    both = read_cipher(f"{NEW}, {OLD}\n")
    assert both.open(sealed, "c1.phone") == "13800000000"
    assert not both.is_current(sealed)
    resealed = both.seal("13800000000", "c1.phone")
    assert read_cipher(NEW).open(resealed, "c1.phone") == "13800000000"
    assert both.is_current(resealed)


def test_without_its_key_nothing_opens():
    sealed = SEALER.seal("13800000000", "c1.phone")
    with pytest.raises(CouldNot, match="not in KQML_SECRET_KEYS") as caught:
        read_cipher(NEW).open(sealed, "c1.phone")
    assert "13800000000" not in str(caught.value)


@pytest.mark.parametrize("sealed", ["", "王小明", "sealed1", "sealed1:", f"sealed1:{SEALER.first}:!", "sealed0:a:b"])
def test_what_was_never_sealed_does_not_open(sealed):
    with pytest.raises(CouldNot, match="cannot be decrypted"):
        SEALER.open(sealed, "c1.name")


@pytest.mark.parametrize("written", ["", " , ", "secret", OLD[:-4], f"{OLD},hunter2hunter2"])
def test_faulty_keys_are_refused_without_being_shown(written):
    with pytest.raises(BadUse, match=r"are invalid|contains no key") as caught:
        read_cipher(written)
    assert "hunter2" not in str(caught.value)
    assert OLD not in str(caught.value)


def test_keys_are_not_in_the_representation():
    assert "\\x01" not in repr(SEALER)


def test_both_alphabets_of_base64_are_read():
    raw = bytes(range(224, 256))
    assert read_cipher(base64.b64encode(raw).decode()) == read_cipher(base64.urlsafe_b64encode(raw).decode())


def test_a_file_is_made_once_readable_by_its_owner_only(tmp_path):
    file = tmp_path / "home" / "secret.keys"
    first = cipher_from_file(None, file)
    assert cipher_from_file(None, file) == first
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert [path.name for path in file.parent.iterdir()] == ["secret.keys"]


def test_the_setting_goes_before_the_file(tmp_path):
    assert cipher_from_file(NEW, tmp_path / "secret.keys") == read_cipher(NEW)
    assert list(tmp_path.iterdir()) == []


def test_a_made_key_is_usable():
    assert len(read_cipher(make_secret_key()).keys) == 1
