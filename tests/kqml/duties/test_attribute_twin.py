"""The standing of many accounts, day by day, is what `kqml.history.attributes` says of each one."""

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from duty_inputs import ZONE, at, book, drawn

from kqml.calendar.business_time import local_days
from kqml.dataset.tables import TIERS
from kqml.duties.period import day_number
from kqml.history.attributes import changes_among, has_consent, in_business, latest_known, value_before

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(moment):
    return (moment - EPOCH) // timedelta(microseconds=1)


def records(company, account):
    """The events of one account as plain records, in order of time."""
    rows = sorted(company["events"], key=lambda row: row["occurred_at"])
    return [
        {**row, **{name: micros(row[name]) for name in ("occurred_at", "known_at")}, "attributes": as_table(row)}
        for row in rows
        if row["account_id"] == account
    ]


def as_table(row):
    return json.loads(row.get("attributes") or "{}")


def value(attribute, now, events, day, cutoff, otherwise=None):
    """An attribute on a local day as a cutoff knows it."""
    changes = changes_among(attribute, events)
    days = [int(local_days(np.array([one.occurred_at]), ZONE)[0]) for one in changes]
    latest = latest_known(cutoff, [one for one, when in zip(changes, days, strict=True) if when <= day])
    return value_before(now, changes, otherwise) if latest is None else latest.after


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("day", ["2024-01-05", "2024-02-05", "2024-02-20"])
def test_every_attribute_is_that_of_the_single_account(seed, day):
    company = drawn(seed)
    standing = book(**company).standing
    cutoff, number = micros(at(f"{day}T00:00")), day_number(datetime.fromisoformat(day).date()) - 1
    tiers, consents, statuses = (
        part.at(number, cutoff).tolist() for part in (standing.tier, standing.consent, standing.status)
    )
    for place, account in enumerate(company["accounts"]):
        events = records(company, account["account_id"])
        tier = value("tier", account["tier"], events, number, cutoff)
        assert tiers[place] == (TIERS.index(tier) if tier else -1)
        told = has_consent(as_table(account))
        assert consents[place] == value("consent", told, events, number, cutoff, otherwise=True)
        if account["status"] == "active":
            assert statuses[place] == in_business(value("status", "active", events, number, cutoff))
