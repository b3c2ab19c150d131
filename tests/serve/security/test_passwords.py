"""Which passwords are taken, how they are kept."""

import pytest
from argon2 import PasswordHasher

from serve.security.passwords import faults_of, hash_password, is_outdated, is_password

GOOD = "korrekt pferd 电池"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "it has 5 characters, 12 to 128 are needed"),
        ("x" * 129, "it has 129 characters, 12 to 128 are needed"),
        ("abababababab", "it has 2 different characters, 6 are needed"),
        ("Password123456", "little more than the login or words that are tried first"),
        ("WangXiaoming1!", "little more than the login"),
    ],
)
def test_a_weak_password_is_told_why(password, said):
    assert said in faults_of(password, "wangxiaoming")[0]


def test_a_long_one_is_taken():
    assert faults_of(GOOD, "wangxiaoming") == []


def test_a_hash_is_argon2id_and_knows_its_password():
    kept = hash_password(GOOD)
    assert kept.startswith("$argon2id$")
    assert is_password(GOOD, kept)
    assert not is_password(GOOD + " ", kept)
    assert hash_password(GOOD) != kept


@pytest.mark.parametrize("kept", [None, "", "plain", "$argon2id$broken"])
def test_without_a_usable_hash_nothing_is_the_password(kept):
    assert not is_password("nobody has this password", kept)


def test_weaker_parameters_are_outdated():
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(GOOD)
    assert is_outdated(weak)
    assert not is_outdated(hash_password(GOOD))
