"""The playbook's file: what it says, how a faulty one is refused."""

import numpy as np
import pytest

from kqml.errors import BadUse
from kqml.playbook import read_playbook

GOOD = """
name = "tiny"
[cadence]
A = { visit = 8, call = 4, message = 4 }
B = { visit = 4, call = 2, message = 2 }
C = { visit = 1, call = 1, message = 1 }
[rep]
minutes_per_week = 2400
stops_per_week = 50
budget_per_week = 1500
[margin_rate]
pharmacy = 0.28
[[packages]]
name = "wait"
minutes = 0
stops = 0
money = 0
[[packages]]
name = "visit"
contacts = { visit = 1 }
minutes = 55
stops = 1
money = 15
tiers = ["A", "B"]
needs = ["open", "rep"]
"""

FAULTS = {
    "a tier without cadence": ("C = { visit = 1, call = 1, message = 1 }\n", "", r"cadence\.C"),
    "a negative cadence": ("visit = 8", "visit = -8", r"cadence\.A\.visit: -8"),
    "a margin above one": ("pharmacy = 0.28", "pharmacy = 28", r"margin_rate\.pharmacy: 28"),
    "a package without minutes": ("minutes = 55\n", "", r"packages\[1\]\.minutes"),
    "an unknown need": ('"rep"]', '"sun"]', r"packages\[1\]\.needs: 'sun'"),
    "an unknown tier": ('["A", "B"]', '["A", "D"]', r"packages\[1\]\.tiers: 'D'"),
    "an unknown channel": ("contacts = { visit = 1 }", "contacts = { fax = 1 }", r"packages\[1\]\.contacts: 'fax'"),
    "a name twice": ('name = "visit"', 'name = "wait"', r"packages: 'wait' stands there twice"),
    "a first package that takes time": ("minutes = 0", "minutes = 5", r"packages\[0\]: the first package"),
    "no hours": ("minutes_per_week = 2400\n", "", r"rep\.minutes_per_week"),
    "broken TOML": ("[cadence]", "[cadence", "not valid TOML"),
}


@pytest.fixture
def written(tmp_path):
    def write(text: str) -> str:
        path = tmp_path / "playbook.toml"
        path.write_text(text, encoding="utf-8")
        return str(path)

    return write


def test_the_preset_says_what_the_field_says():
    playbook = read_playbook("pharmacy")
    assert playbook.cadence["A"] == {"visit": 8, "call": 4, "message": 4}
    assert playbook.cadence["B"] == {"visit": 4, "call": 2, "message": 2}
    assert playbook.cadence["C"] == {"visit": 1, "call": 1, "message": 1}
    assert playbook.actions == ("wait", "message", "call", "visit", "help_offer", "two_visits")
    assert playbook.rep.minutes_per_week == 2400


@pytest.mark.parametrize("what", FAULTS)
def test_a_faulty_file_is_refused_with_the_place(what, written):
    old, new, match = FAULTS[what]
    assert old in GOOD
    with pytest.raises(BadUse, match=match):
        read_playbook(written(GOOD.replace(old, new, 1)))


def test_all_faults_are_told_at_once(written):
    text = GOOD.replace("visit = 8", "visit = -8").replace("minutes = 55\n", "")
    with pytest.raises(BadUse) as refused:
        read_playbook(written(text))
    assert len(refused.value.faults) == 2


def test_a_playbook_that_does_not_exist_is_bad_use():
    with pytest.raises(BadUse, match="no playbook nowhere"):
        read_playbook("nowhere")


def test_the_fingerprint_is_of_the_content_not_of_the_layout(written):
    plain = read_playbook(written(GOOD)).fingerprint
    assert read_playbook(written("# a comment\n" + GOOD)).fingerprint == plain
    assert read_playbook(written(GOOD.replace("money = 15", "money = 16"))).fingerprint != plain


def test_a_package_is_eligible_for_its_tiers_where_its_needs_hold(written):
    playbook = read_playbook(written(GOOD))
    tier = np.array(["A", "B", "C", "A", "A"], dtype=object)
    conditions = {
        "open": np.array([True, True, True, False, True]),
        "rep": np.array([True, True, True, True, False]),
        "consent": np.zeros(5, dtype=bool),
    }
    assert playbook.eligible(tier, conditions).tolist() == [
        [True, True],
        [True, True],
        [True, False],
        [True, False],
        [True, False],
    ]
