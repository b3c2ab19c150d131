"""What must hold of duties on any history: nothing of the future, accounts apart, faults told at once."""

from typing import Any

import pyarrow as pa
import pytest
from duty_books import at, book, drawn, event, rep

from kqml.duties import DutyBook, duties, week
from kqml.errors import Refused
from kqml.playbook import read_playbook
from kqml.workdays import workdays

PHARMACY, CHINA = read_playbook("pharmacy"), workdays("CN")
CUTOFF = at("2024-02-05T00:00")
ORGANISATION = ("rep_assigned", "tier_changed", "consent_changed", "account_closed", "account_reopened")


def rows(made: DutyBook) -> list[dict[str, Any]]:
    cutoff = round(CUTOFF.timestamp() * 1e6)
    return duties(made, PHARMACY, CHINA, week("2024-W06"), cutoff).to_pylist()


@pytest.mark.parametrize("seed", range(5))
def test_what_was_not_known_before_the_cutoff_changes_nothing(seed):
    """But changes of standing, which say how it was before them."""
    company = drawn(seed)
    known = [
        row
        for row in company["events"]
        if row["kind"] in ORGANISATION or (row["known_at"] < CUTOFF and row["occurred_at"] < CUTOFF)
    ]
    assert rows(book(**company)) == rows(book(**{**company, "events": known}))


@pytest.mark.parametrize("seed", range(3))
def test_an_account_alone_is_owed_what_it_is_owed_among_others(seed):
    company = drawn(seed)
    among = rows(book(**company))
    for account in company["accounts"]:
        name = account["account_id"]
        own = {key: [row for row in company[key] if row["account_id"] == name] for key in ("events", "contacts")}
        alone = rows(book(**{**company, **own, "accounts": [account]}))
        assert [row for row in alone if row["account_id"]] == [row for row in among if row["account_id"] == name]


def test_the_order_of_events_does_not_matter():
    company = drawn(1)
    assert rows(book(**company)) == rows(book(**{**company, "events": company["events"][::-1]}))


def test_every_row_carries_the_version_of_the_playbook():
    assert {row["playbook"] for row in rows(book(**drawn(0)))} == {PHARMACY.version}


def test_absences_that_cannot_be_read_are_told_all_at_once():
    reps = [rep("r"), {"rep_id": "s", "absences": '["2024-01-01"]'}, {"rep_id": "t", "absences": "{"}]
    with pytest.raises(Refused, match="The table of reps cannot be used") as refused:
        book([event("visit", "2024-01-05T10:00")], reps=reps)
    assert [fault.where for fault in refused.value.faults] == ["reps.absences of s", "reps.absences of t"]


def test_a_company_without_events_of_use_has_its_duties_all_the_same():
    made = book([event("order", "2024-01-05T10:00")])
    found = rows(made)
    assert {row["duty"] for row in found} == {"cadence", "problems", "festival", "asks", "trainings"}
    assert isinstance(made.log.source, pa.Table)
