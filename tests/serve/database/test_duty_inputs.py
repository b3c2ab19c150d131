"""What duties are computed from, read from the database as it was known before a cutoff."""

import json
from datetime import date

import numpy as np
import pytest

from kqml.calendar.business_time import DAY_US
from kqml.dataset.tables import EVENTS, SCHEMAS, TIERS
from kqml.playbook import read_playbook
from serve.database.accounts import put_accounts
from serve.database.dataset_info import initialise_info
from serve.database.duty_inputs import DutyInputReader
from serve.database.events import add_events
from serve.database.territory import EVERYWHERE

PLAYBOOK = read_playbook()
ACCOUNT = {**dict.fromkeys(SCHEMAS["accounts"].names), "account_id": "x"}


def event(name, kind, day, *, known=None, **more):
    facts = {"event_id": name, "account_id": "x", "kind": kind, "occurred_at": day * DAY_US}
    return {**dict.fromkeys(EVENTS.names), **facts, "known_at": (day if known is None else known) * DAY_US, **more}


def attributes_at(database, day):
    """The attributes of the account as read at the cutoff of a day."""
    with database.reading() as connection:
        return DutyInputReader(connection, PLAYBOOK, None, day * DAY_US).of(["x"]).standing


@pytest.mark.parametrize(("day", "opened"), [(40, 1), (50, 1), (51, 10)])
def test_an_account_opens_with_its_first_event_that_was_not_retracted_by_then(database, day, opened):
    visits = [event("first", "visit", 1), event("second", "visit", 10), event("no", "event_retracted", 50, ref="first")]
    with database.writing() as connection:
        initialise_info(connection, "UTC")
        put_accounts(connection, [ACCOUNT], DAY_US, EVERYWHERE)
        add_events(connection, visits, 60 * DAY_US, EVERYWHERE)
    assert attributes_at(database, day).opened.tolist() == [opened]


@pytest.mark.parametrize(("day", "tier"), [(5, "B"), (20, "A"), (60, "A")])
def test_a_tier_put_in_is_known_although_a_later_event_says_it_too(database, day, tier):
    late = event("late", "tier_changed", 3, known=50, attributes=json.dumps({"to": "A"}))
    with database.writing() as connection:
        initialise_info(connection, "UTC")
        put_accounts(connection, [{**ACCOUNT, "tier": "B"}], DAY_US, EVERYWHERE)
        add_events(connection, [late], 4 * DAY_US, EVERYWHERE)
        put_accounts(connection, [{**ACCOUNT, "tier": "A"}], 10 * DAY_US, EVERYWHERE)
    known = attributes_at(database, day).tier.at(day - 1, day * DAY_US)
    assert known.tolist() == [TIERS.index(tier)]


@pytest.mark.parametrize(("day", "tier"), [(5, "A"), (29, "A"), (31, "B")])
def test_a_tier_reverted_after_a_retraction_stays_what_it_was_before(database, day, tier):
    said = [event("up", "tier_changed", 3, attributes=json.dumps({"from": "B", "to": "A"}))]
    with database.writing() as connection:
        initialise_info(connection, "UTC")
        put_accounts(connection, [{**ACCOUNT, "tier": "B"}], DAY_US, EVERYWHERE)
        add_events(connection, said, 3 * DAY_US, EVERYWHERE)
        add_events(connection, [event("no", "event_retracted", 29, ref="up")], 29 * DAY_US, EVERYWHERE)
    known = attributes_at(database, day).tier.at(day - 1, day * DAY_US)
    assert np.array(TIERS)[known].tolist() == [tier]


def test_of_a_long_history_the_newest_events_are_read_in_order(database, monkeypatch):
    visits = [event(f"v{day}", "visit", day) for day in (1, 2, 3, 4, 5)]
    monkeypatch.setattr("serve.database.long_histories.MOST_EVENTS", 3)
    monkeypatch.setattr("serve.database.duty_inputs.MOST_EVENTS", 3)
    with database.writing() as connection:
        initialise_info(connection, "UTC")
        put_accounts(connection, [ACCOUNT | {"opened_on": date(1970, 1, 1)}], DAY_US, EVERYWHERE)
        add_events(connection, visits, 60 * DAY_US, EVERYWHERE)
    with database.reading() as connection:
        log = DutyInputReader(connection, PLAYBOOK, None, 60 * DAY_US).of(["x"]).log
    assert (log.occurred_at // DAY_US).tolist() == [3, 4, 5]
