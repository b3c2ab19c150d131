"""Compliance per rep, tier, channel, month: against a slow, obvious version, on companies written by hand."""

from collections import defaultdict
from datetime import date, datetime, timedelta

import pytest
from duty_inputs import ZONE, account, at, book, drawn, event, instant, rep
from duty_oracle import Oracle

from kqml.calendar.workdays import workdays
from kqml.duties import compliance, month
from kqml.playbook import read_playbook

PHARMACY, CHINA = read_playbook("pharmacy"), workdays("CN")
MARCH = date(2024, 3, 1)


def kept(made, months=(MARCH,), cutoff="2024-04-01", channel="visit"):
    table = compliance(made, PHARMACY, CHINA, list(months), instant(cutoff))
    return [row for row in table.to_pylist() if row["channel"] == channel]


def test_many_contacts_of_one_account_do_not_stand_in_for_anothers_lack():
    accounts = [account("a", "C"), account("b", "C"), account("c", "C"), account("d", "C")]
    events = [event("visit", f"2024-03-0{day}T10:00", "a") for day in (4, 5, 6)] + [
        event("visit", "2024-03-07T10:00", "b")
    ]
    (row,) = kept(book(events, accounts))
    assert (row["accounts"], row["target"], row["counted"], row["met"], row["compliance"]) == (4, 4, 4, 2, 0.5)
    assert (row["too_cold"], row["too_hot"]) == (2, 1)


def test_each_rep_answers_for_the_days_of_its_own():
    moved = event("rep_assigned", "2024-03-11T00:00", rep_id="s", attributes={"from": "r"})
    events = [moved, event("visit", "2024-03-08T10:00"), event("visit", "2024-03-11T10:00", rep_id="r")]
    found = {row["rep_id"]: row for row in kept(book(events, reps=[rep("r"), rep("s")]))}
    assert {name: (round(row["target"], 6), row["counted"]) for name, row in found.items()} == {
        "r": (round(8 * 6 / 21, 6), 1),
        "s": (round(8 * 15 / 21, 6), 1),
    }


def test_a_month_cut_short_is_held_to_what_it_owed_until_then():
    (row,) = kept(book([event("visit", "2024-03-04T10:00")]), cutoff="2024-03-11")
    assert row["target"] == pytest.approx(8 * 6 / 21)


@pytest.mark.parametrize(
    ("visits", "kept_in"),
    [(["2024-02-10T10:00"], [1, 1]), (["2024-03-10T10:00"], [0, 1]), (["2024-01-10T10:00"], [1, 0]), ([], [0, 0])],
)
def test_a_visit_every_second_month_keeps_a_cadence_of_a_half(visits, kept_in):
    dealer = [account(tier="C")]
    made = book([event("call", "2024-01-05T10:00"), *(event("visit", day, minutes=30) for day in visits)], dealer)
    table = compliance(made, read_playbook("dealer"), CHINA, [date(2024, 2, 1), MARCH], instant("2024-04-01"))
    assert [row["compliance"] for row in table.to_pylist() if row["channel"] == "visit"] == kept_in


def test_months_without_accounts_have_no_rows():
    assert kept(book([event("visit", "2024-03-04T10:00")], [account(opened_on="2024-05-01")])) == []


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("cutoff", ["2024-02-20T12:00", "2024-03-01"])
def test_compliance_equals_the_slow_obvious_one(seed, cutoff):
    company = drawn(seed, accounts=8, events=350)
    table = compliance(book(**company), PHARMACY, CHINA, [date(2024, 1, 1), date(2024, 2, 1)], instant(cutoff))
    found = {
        (row["rep_id"], row["tier"], row["channel"], row["month"]): tuple(
            round(float(row[name]), 8) for name in ("accounts", "target", "counted", "met", "too_cold", "too_hot")
        )
        for row in table.to_pylist()
    }
    assert found == slow(company, at(cutoff))
    assert len(found) > 20


def slow(company, cutoff: datetime) -> dict:
    oracle = Oracle(company, PHARMACY, CHINA, ZONE)
    oracle.duties(month("2024-02"), cutoff)
    sums = defaultdict(lambda: [0.0] * 6)
    for year, number in ((2024, 1), (2024, 2)):
        days = oracle.month(year, number)
        worked = sum(CHINA.is_working(day) for day in days)
        for each in company["accounts"]:
            stood = defaultdict(list)
            for day in days:
                who, tier = oracle.owner(each, day), oracle.tier(each, day)
                at_work = CHINA.is_working(day) and not oracle.quiet(day) and not oracle.absent(who, day)
                stood[who, tier].append((day, at_work and oracle.open(each, day) and day <= oracle.last_day))
            for (who, tier), seen in stood.items():
                owed = sum(flag for _, flag in seen)
                if tier is None or not owed:
                    continue
                for channel in ("visit", "call", "message"):
                    target = PHARMACY.cadence[tier][channel] * owed / worked
                    counted = sum(of_day(oracle, each["account_id"], channel, day) for day, _ in seen)
                    cold, hot = counted < 0.5 * target, counted > 1.75 * target
                    row = sums[who, tier, channel, f"{year}-{number:02d}"]
                    for place, value in enumerate((1, target, counted, min(counted, target), cold, hot)):
                        row[place] += value
    return {key: tuple(round(float(value), 8) for value in row) for key, row in sums.items()}


def of_day(oracle: Oracle, name: str, channel: str, day: date) -> float:
    return oracle.contacts(name, channel, oracle.midnight(day), oracle.midnight(day + timedelta(days=1)))
