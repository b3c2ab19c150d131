"""Draws have addresses: seed, purpose, thing, week, index."""

import numpy as np
import pytest

from experiments.world.draws import Draws, mix, mix_one

ACCOUNTS = np.arange(50_000, dtype=np.int64)


def test_the_hash_of_arrays_is_the_hash_of_integers():
    numbers = [0, 1, 2**63, 2**64 - 1]
    assert mix(np.array(numbers, dtype=np.uint64)).tolist() == [mix_one(number) for number in numbers]


def test_a_draw_depends_on_its_address_alone():
    few, many = Draws.of(3, "account", ACCOUNTS[:10]), Draws.of(3, "account", ACCOUNTS)
    assert (few.uniform("size", 7, 2) == many.uniform("size", 7, 2)[:10]).all()


@pytest.mark.parametrize(
    "other",
    [
        Draws.of(1, "account", ACCOUNTS).uniform("size", 7, 2),
        Draws.of(0, "seat", ACCOUNTS).uniform("size", 7, 2),
        Draws.of(0, "account", ACCOUNTS).uniform("quits", 7, 2),
        Draws.of(0, "account", ACCOUNTS).uniform("size", 8, 2),
        Draws.of(0, "account", ACCOUNTS).uniform("size", 7, 3),
        Draws.of(0, "account", ACCOUNTS + 1).uniform("size", 7, 2),
    ],
    ids=["seed", "thing", "purpose", "week", "index", "account"],
)
def test_draws_of_neighbouring_addresses_are_unrelated(other):
    one = Draws.of(0, "account", ACCOUNTS).uniform("size", 7, 2)
    assert abs(np.corrcoef(one, other)[0, 1]) < 4 / np.sqrt(len(ACCOUNTS))


def test_uniform_numbers_fill_the_unit_interval_evenly():
    drawn = np.sort(Draws.of(0, "account", ACCOUNTS).uniform("size"))
    assert 0 < drawn[0] < drawn[-1] < 1
    assert np.abs(drawn - (np.arange(len(drawn)) + 0.5) / len(drawn)).max() < 2 / np.sqrt(len(drawn))


def test_paths_come_in_mirrored_pairs():
    luck = Draws.of(0, "account", np.zeros(4, dtype=np.int64)).on_path(np.array([0, 1, 2, 3]))
    drawn = luck.uniform("satisfaction", 3)
    assert drawn[0] + drawn[1] == pytest.approx(1.0)
    assert drawn[2] + drawn[3] == pytest.approx(1.0)
    assert drawn[0] != drawn[2]


def test_a_larger_chance_keeps_what_a_smaller_one_gave():
    luck = Draws.of(0, "account", ACCOUNTS)
    assert (luck.happens(0.2, "quits", 5) <= luck.happens(0.3, "quits", 5)).all()
