"""Advice on unknown values names the known one that was meant."""

import pytest

from kqml.near_match import near_match, use_known

KNOWN = ("wait", "visit", "help_offer")


@pytest.mark.parametrize(
    ("value", "near"), [("Visit", "visit"), (" visit", "visit"), ("vist", "visit"), ("dance", None)]
)
def test_the_near_match_looks_the_same_or_is_spelled_most_alike(value, near):
    assert near_match(value, KNOWN) == near


def test_the_advice_lists_what_is_known():
    assert use_known("Wait", KNOWN) == "did you mean 'wait'? use wait, visit, help_offer"
    assert use_known("dance", [f"action {number}" for number in range(20)]).endswith("action 11, …")
