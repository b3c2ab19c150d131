"""What somebody declared of a duty, beside what events say."""

from dataclasses import replace

import pytest
from duty_inputs import at, book, drawn, event

from kqml.calendar.workdays import workdays
from kqml.duties import DutyInputs, list_duties, week
from kqml.duties.overrides import DutyOverride, duty_id
from kqml.playbook import read_playbook

PHARMACY, CHINA = read_playbook("pharmacy"), workdays("CN")
CUTOFF = round(at("2024-02-05T00:00").timestamp() * 1e6)
HOUR = 3_600_000_000


def rows(made: DutyInputs, *declared: DutyOverride, cutoff: int = CUTOFF) -> list[dict]:
    return list_duties(replace(made, declared=declared), PHARMACY, CHINA, week("2024-W06"), cutoff).to_pylist()


@pytest.mark.parametrize("seed", range(8))
def test_no_two_duties_have_one_name(seed):
    found = rows(book(**drawn(seed)))
    assert len({duty_id(row) for row in found}) == len(found)


@pytest.mark.parametrize("seed", range(3))
def test_a_duty_keeps_its_name_as_time_goes_by(seed):
    """But what is owed by the month may be another one once somebody else is in charge."""
    made = book(**drawn(seed))
    before, after = rows(made), rows(made, cutoff=CUTOFF + 48 * HOUR)
    matters = {duty_id(row) for row in before if row["event_id"] is not None}
    assert matters
    still = {row["event_id"] for row in after}
    kept = {duty_id(row) for row in before if row["event_id"] in still and row["event_id"] is not None}
    assert kept <= {duty_id(row) for row in after}


def promise() -> tuple[DutyInputs, str]:
    made = book([event("promise_made", "2024-01-10T10:00", due="2024-01-20T10:00")])
    (row,) = [row for row in rows(made) if row["duty"] == "promise"]
    assert (row["state"], row["must"], row["why"]) == ("overdue", True, "promise")
    return made, duty_id(row)


@pytest.mark.parametrize("state", ["done", "waived"])
def test_what_is_declared_is_no_must_any_more(state):
    made, name = promise()
    before, after = rows(made), rows(made, DutyOverride(name, "a", state, CUTOFF - HOUR))
    changed = {"state": state, "must": False, "why": "declared", "behind": 0.0}
    assert after == [{**row, **changed} if row["duty"] == "promise" else row for row in before]


def test_what_was_not_said_before_the_cutoff_changes_nothing():
    made, name = promise()
    assert rows(made, DutyOverride(name, "a", "done", CUTOFF)) == rows(made)


@pytest.mark.parametrize(
    ("said", "state"),
    [
        (["done", "open"], "overdue"),
        (["waived", "done"], "done"),
        (["done", "open", "waived"], "waived"),
        (["open"], "overdue"),
    ],
)
def test_the_last_word_counts(said, state):
    made, name = promise()
    declared = [DutyOverride(name, "a", word, CUTOFF - 10 + place) for place, word in enumerate(said)]
    assert [row["state"] for row in rows(made, *declared) if row["duty"] == "promise"] == [state]


def test_what_is_said_of_no_duty_changes_nothing():
    made, _ = promise()
    assert rows(made, DutyOverride("0" * 24, "a", "done", CUTOFF - HOUR)) == rows(made)


def test_the_name_of_a_birthday_does_not_tell_its_day():
    """All days of a year have the same name, so that nobody can try them."""
    row = {"duty": "birthday", "channel": "call", "account_id": "a", "contact_id": "c", "event_id": None}
    days = [at(f"2024-{month:02d}-{day:02d}T00:00") for month in range(1, 13) for day in (2, 28)]
    assert len({duty_id({**row, "due_by": day}) for day in days}) == 1
    assert duty_id({**row, "due_by": at("2025-03-02T00:00")}) != duty_id({**row, "due_by": days[0]})
