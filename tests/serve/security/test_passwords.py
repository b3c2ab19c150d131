"""Which passwords are taken, how they are kept."""

import pytest
from argon2 import PasswordHasher

from serve.security.passwords import faults_of, hash_password, is_outdated, is_password

GOOD = "korrekt pferd 电池"


@pytest.mark.parametrize(
    ("password", "said"),
    [
        ("short", "it has 5 characters; 12 to 128 are required"),
        ("x" * 129, "it has 129 characters; 12 to 128 are required"),
        ("abababababab", "it has 2 different characters; at least 6 are required"),
        ("Password123456", "consists of the login or of common words"),
        ("WangXiaoming1!", "consists of the login"),
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
