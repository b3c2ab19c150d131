"""API keys as text."""

import pytest

from serve.security.key_text import hash_of, is_same, key_id_of, make_key


def test_a_key_shows_its_prefix_and_hides_256_bits():
    key = make_key()
    start, prefix, secret = key.text.split("_", 2)
    assert (start, prefix, len(prefix)) == ("kqml", key.key_id, 10)
    assert len(secret) == 43
    assert secret not in key.secret_hash


def test_two_keys_share_nothing():
    one, other = make_key(), make_key()
    assert one.key_id != other.key_id
    assert one.text[16:] != other.text[16:]


def test_only_the_whole_key_is_the_same():
    key = make_key()
    assert is_same(key.text, key.secret_hash)
    assert not is_same(key.text[:-1], key.secret_hash)
    assert not is_same(key.text, make_key().secret_hash)


def test_the_hash_is_sha_256():
    assert hash_of("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "kqml",
        "kqml_",
        "kqml_0123456789_short",
        "kqml_012345678G_" + "a" * 43,
        "x" * 5000,
        "kqml_0123456789_" + "a" * 44,
        "kqml_0123456789_" + "a" * 43 + "\n",
        "kqml_0123456789_" + "é" * 43,
        "' OR 1=1 --",
    ],
)
def test_what_is_not_written_like_a_key_has_no_prefix(text):
    assert key_id_of(text) is None


def test_a_key_tells_its_prefix():
    assert key_id_of("kqml_0123456789_" + "a" * 43) == "0123456789"
