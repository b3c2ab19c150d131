"""What must hold of duties on any history: nothing of the future, accounts apart, faults told at once."""

from datetime import date
from typing import Any

import pyarrow as pa
import pytest
from duty_inputs import account, at, book, drawn, event, rep, table

from kqml.calendar.workdays import workdays
from kqml.duties import DutyInputs, compliance, duty_inputs, list_duties, week
from kqml.errors import Refused
from kqml.playbook import read_playbook

PHARMACY, CHINA = read_playbook("pharmacy"), workdays("CN")
CUTOFF = at("2024-02-05T00:00")
ORGANISATION = ("rep_assigned", "tier_changed", "consent_changed", "account_closed", "account_reopened")


def rows(made: DutyInputs) -> list[dict[str, Any]]:
    cutoff = round(CUTOFF.timestamp() * 1e6)
    return list_duties(made, PHARMACY, CHINA, week("2024-W06"), cutoff).to_pylist()


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
    for row in company["accounts"]:
        name = row["account_id"]
        own = {key: [each for each in company[key] if each["account_id"] == name] for key in ("events", "contacts")}
        alone = rows(book(**{**company, **own, "accounts": [row]}))
        assert [each for each in alone if each["account_id"]] == [each for each in among if each["account_id"] == name]


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


def test_a_company_without_reps_owes_its_accounts_all_the_same():
    made = book([event("order", "2024-01-05T10:00")], [account(owner_rep_id=None)], reps=[])
    nobody = duty_inputs(*(table(name, []) for name in ("accounts", "contacts", "reps", "events")), "UTC", [])
    assert {row["duty"] for row in rows(made)} == {"cadence", "problems", "festival"}
    assert rows(nobody) == []
    assert compliance(nobody, PHARMACY, CHINA, [date(2024, 1, 1)], 2**50).num_rows == 0


def test_text_may_be_dictionary_encoded():
    company = {name: table(name, each) for name, each in drawn(2).items() if name != "quiet"}
    events = company["events"]
    columns = [each.dictionary_encode() if pa.types.is_string(each.type) else each for each in events.columns]
    encoded = pa.table(columns, names=events.column_names)
    plain, coded = (
        duty_inputs(company["accounts"], company["contacts"], company["reps"], each, "Asia/Shanghai", [])
        for each in (events, encoded)
    )
    assert rows(coded) == rows(plain)


def test_a_company_without_events_of_use_has_its_duties_all_the_same():
    made = book([event("order", "2024-01-05T10:00")])
    found = rows(made)
    assert {row["duty"] for row in found} == {"cadence", "problems", "festival", "asks", "trainings"}
