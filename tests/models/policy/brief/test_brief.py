"""What a brief says of an account, in both languages."""

from dataclasses import replace
from datetime import date
from types import SimpleNamespace
from unittest.mock import patch

import numpy as np
import orjson
import pandas as pd
import pytest
from small_company import shared_small_company

from features.definitions import Code
from kqml.duties.period import week
from kqml.messages import LANGUAGES
from kqml.messages.coded import Title, render
from kqml.playbook import read_playbook
from models.churn.reasons.reasons import Reason
from models.policy.brief.brief import BriefWriter
from models.policy.brief.inputs import BriefInputs, read_brief_inputs
from models.policy.planning.company import read_company


@pytest.fixture(scope="module")
def company():
    return read_company(shared_small_company().dataset, read_playbook(), week("2023-W08"))


@pytest.fixture(scope="module")
def material(company):
    return read_brief_inputs(company, list(company.account_ids))


def brief(company, material, package="visit", codes=(), language="en", account=0):
    """The brief in words, by part; the same after it was stored."""
    reasons = [Reason(code, "rising", 0.5, because_of(code)) for code in codes]
    written = BriefWriter(company, material).write(str(company.account_ids[account]), package, reasons)
    stored = orjson.loads(orjson.dumps(written.as_json()))
    read = {part: [render(line, language) for line in lines] for part, lines in stored.items()}
    assert read == written.in_words(language)
    return SimpleNamespace(**read)


def because_of(code):
    return Title(dict.fromkeys(LANGUAGES, f"because of {code.value}"))


def test_a_visit_has_its_steps_and_what_to_ask_most_weighty_first(company, material):
    found = brief(company, material)
    assert len(found.steps) == 8
    assert found.ask[0] == "ask about: name"
    assert "one useful fact about our product from a clerk" in found.ask


def test_a_message_brings_no_questions_no_steps_no_offers(company, material):
    found = brief(company, material, "message", [Code.COMPLAINT])
    assert (found.steps, found.ask, found.offer) == ([], [], [])
    assert found.why == ["because of complaint"]


def test_every_contact_is_told_the_hours_in_which_it_is_allowed(company, material):
    assert brief(company, material, "message").hours == ["contact between 08:30 and 20:00 local time"]
    assert brief(company, material, language="zh").hours == ["请在当地时间 08:30 至 20:00 之间联系"]


def test_help_answers_a_reason_with_the_stage_that_comes_next(company, material):
    first = brief(company, material, codes=[Code.COMPLAINT]).offer
    assert first[0] == "resolve the complaint by a date; next stage (1 of 3): apologise, name the date"
    account = str(company.account_ids[0])
    later = replace(material, helped={account: {"dated_complaint_resolution": 2}})
    told = brief(company, later, codes=[Code.COMPLAINT]).offer
    assert told[0] == "resolve the complaint by a date; next stage (3 of 3): ask whether they are satisfied"
    done = replace(material, helped={account: {"dated_complaint_resolution": 3}})
    assert brief(company, done, codes=[Code.COMPLAINT]).offer == []
    assert brief(company, material).offer == []


def test_open_matters_say_until_when_or_since_when(company, material):
    account = str(company.account_ids[0])
    row = {
        "account_id": account,
        "duty": "complaint",
        "occasion": None,
        "state": "overdue",
        "topic": "price",
        "due_by": pd.Timestamp("2023-02-09T16:00:00Z"),
    }
    due = {**row, "duty": "promise", "state": "due", "topic": None, "due_by": pd.Timestamp("2023-02-22T16:00:00Z")}
    found = brief(company, replace(material, open={account: [row, due]}, musts={account: [row]}))
    assert found.open == [
        "complaint to resolve (price), overdue since Feb 9, 2023",
        "promise to keep, due Feb 22, 2023",
    ]
    assert found.musts == ["complaint to resolve: overdue since Feb 9, 2023"]


def test_personal_days_name_the_role_never_the_person(company, material):
    account = str(company.account_ids[0])
    told = replace(material, personal={account: [(date(2023, 2, 24), "birthday", "owner")]})
    assert brief(company, told).personal == ["birthday of the owner: Feb 24, 2023"]
    assert brief(company, told, language="zh").personal == ["店主的生日：2023年2月24日"]


def test_a_birthday_belongs_to_the_account_of_its_contact(company):
    first, second, *_ = (str(account) for account in company.account_ids)
    contacts = pd.DataFrame(
        [("p1", first, "owner", "02-22"), ("p2", second, "buyer", "02-23"), ("p3", second, "owner", "08-01")],
        columns=["contact_id", "account_id", "role", "birthday"],
    )
    with patch.object(type(company.dataset), "contacts", return_value=contacts):
        personal = read_brief_inputs(company, [first, second]).personal
    birthdays = {account: [day for day in days if day[1] == "birthday"] for account, days in personal.items()}
    assert birthdays[first] == [(date(2023, 2, 22), "birthday", "owner")]
    assert birthdays[second] == [(date(2023, 2, 23), "birthday", "buyer")]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_account_has_a_brief_without_gaps(company, material, language):
    for place in range(len(company.account_ids)):
        found = brief(company, material, codes=[Code.NEGLECT], language=language, account=place)
        lines = [line for part in vars(found).values() for line in part]
        assert all(line and "nan" not in line and "None" not in line for line in lines)


def test_only_what_was_known_at_the_cutoff_is_told(company, material):
    assert isinstance(material, BriefInputs)
    times = [row["occurred_at"] for rows in material.talks.values() for row in rows]
    known = [row["known_at"] for rows in material.talks.values() for row in rows]
    assert max(*times, *known) < pd.Timestamp(company.cutoff * 1_000, tz="UTC")
    assert np.mean([len(rows) for rows in material.talks.values()]) > 1
