"""The playbook's file: what it says, how a faulty one is refused."""

# ruff: noqa: E501 - a fault stands on one line with what is told of it

from dataclasses import replace
from importlib import resources

import numpy as np
import pytest

from kqml.errors import BadUse
from kqml.playbook import PRESETS, read_playbook
from kqml.playbook.reading import content_of, parse_playbook

PHARMACY = (resources.files("kqml.playbook") / "presets" / "pharmacy.toml").read_text(encoding="utf-8")

FAULTS = {
    "tiers missing": ("C = { visit = 1, call = 1, message = 1 }\n", "", ["cadence.C: is absent"]),
    "a tier too many": ("[cadence_floor]\n", "[cadence_floor]\nD = 1\n", ["cadence_floor.D: is not a playbook key"]),
    "a channel missing": ("{ visit = 8, call = 4, message = 4 }", "{ visit = 8, call = 4 }", ["cadence.A.message: is absent"]),
    "a negative cadence": ("visit = 8", "visit = -8", ["cadence.A.visit: Input should be greater than or equal to 0"]),
    "a cadence that is no number": ("visit = 8", 'visit = "8"', ["cadence.A.visit: the value must be a number (got '8')"]),
    "an infinite cadence": ("visit = 8", "visit = inf", ["cadence.A.visit: Input should be a finite number", "limits.month"]),
    "an unknown key": ("minute_cost", "minute_price", ["minute_cost: is absent", "minute_price: is not a playbook key"]),
    "a fingerprint of one's own": ('name = "pharmacy"', 'name = "pharmacy"\nfingerprint = "1"', ["fingerprint: is not a playbook key"]),
    "a share above one": ("pharmacy = 0.28", "pharmacy = 28", ["margin_rate.pharmacy: Input should be less than or equal"]),
    "an exploration above one": ("B = 0.1", "B = 1.1", ["exploration.B: Input should be less than or equal to 1"]),
    "an unknown topic": ('topic = "price"', 'topic = "prices"', ["emotional[14].topic: 'prices' is nothing we ask for"]),
    "an unknown kind": ('kind = "gift"', 'kind = "gifts"', ["emotional[6].kind: not a kind of event"]),
    "a kind counted that is none": ('["visit", "meeting"]', '["visit", "met"]', ["counting.kinds.visit[2]: not a kind of event"]),
    "an entry twice": ('kind = "gift"', 'kind = "call"', ["emotional[6].kind: 'call' stands there twice, first as emotional[2]"]),
    "a half-life of nothing": ("half_life_days = 21", "half_life_days = 0", ["emotional[3].half_life_days: Input should be greater"]),
    "an omission that pays in": ("weight = -6.0", "weight = 6.0", ["emotional_omissions[1].weight: Input should be less than 0"]),
    "an omission without its time": ("days = 7\nweight = -5.0", "weight = -5.0", ["emotional_omissions[2]: 'complaint' has no due date"]),
    "a festival that does not exist": ('"mid_autumn"', '"midautumn"', ["festivals[3].festival: not a festival"]),
    "a festival twice": ('"mid_autumn"', '"dragon_boat"', ["festivals[3].festival: 'dragon_boat' stands there twice"]),
    "a festival that asks a fax": ('B = ["call", "message"]', 'B = ["fax"]', ["festivals[2].asks.B[1]: Input should be 'visit', 'call'"]),
    "a misfortune foreseen": ("days_before = 0\ndays_after = 7", "days_before = 1\ndays_after = 7", ["personal_days.misfortune.days_before"]),
    "seasons that overlap": ('start = "06-01"', 'start = "02-20"', ["seasons[2]: 'slack' overlaps 'peak' (seasons[1])"]),
    "a season on no day": ('end = "08-31"', 'end = "06-31"', ["seasons[2]: 06-01 to 06-31 is not a range of days"]),
    "a season that is none": ('seasons = ["slack"]', 'seasons = ["lean"]', ["help_offers[4].seasons: 'lean' is not a season"]),
    "grade weights that do not sum to 1": ("familiarity = 0.2", "familiarity = 0.3", ["relationship_grade.weights: sums to 1.1, not to 1"]),
    "shares of sales that do not sum": ("[0.5, 0.3, 0.2]", "[0.5, 0.3, 0.3]", ["abc: sums to 1.1, not to 1"]),
    "grades that rise": ("grades = { A = 0.75, B = 0.55", "grades = { A = 0.75, B = 0.8", ["relationship_grade.grades: does not fall"]),
    "a dimension missing": (", receivables = 0.15", "", ["relationship_grade.weights: sums to 0.85", "relationship_grade.weights.receivables: is absent"]),
    "a high level easier than the middle": ("high = { contacts_met = 3", "high = { contacts_met = 1", ["depth.high.contacts_met: 1 is below the 2 of middle"]),
    "too cold above too hot": ("too_cold = 0.5", "too_cold = 2", ["tolerance: too_cold 2 is not below too_hot 1.75"]),
    "quiet hours of no length": ("start = 20:00:00", "start = 08:30:00", ["limits.quiet_hours: start and end are both 08:30:00"]),
    "minutes of no other role": ("other = 20\n", "", ["visit.minutes_by_role: the role 'other' is missing"]),
    "a day without speed": ("km_per_hour = 20 ", "km_per_hour = 0 ", ["workday.km_per_hour: Input should be greater than 0"]),
    "an hour that is none": ("start = 20:00:00", 'start = "25:00"', ["limits.quiet_hours.start: Input should be in a valid time format"]),
    "a cap below the cadence": ("month = { visit = 12", "month = { visit = 6", ["limits.month.visit: 6 a month are fewer than the cadence of 8"]),
    "a week above its month": ("week = { visit = 3, call = 3", "week = { visit = 3, call = 9", ["limits.week.call: 9 a week exceeds 8 a month"]),
    "an unknown code of an offer": ('["complaint", "broken', '["complaints", "broken', ["help_offers[9].codes[1]: not a reason code"]),
    "an unknown code of facts": ("small_neglect = {", "small_negligence = {", ["facts.small_neglect.contacts: is absent", "facts.small_negligence: not a reason code"]),
    "a fact misspelt": ("spike = 3.0", "spikes = 3.0", ["facts.pressure.spike: is absent", "facts.pressure.spikes: is not a fact of pressure"]),
    "an offer in one language": ('title = { zh = "培训店员", en = "train the staff" }', 'title = { zh = "培训店员" }', ["help_offers[2].title.en: is absent"]),
    "a country that is none": ('country = "CN"', 'country = "XX"', ["country: not a working-day calendar"]),
    "a card field of no table": ('"contacts.role"', '"people.role"', ["card[16].source: String should match pattern"]),
    "a package without minutes": ("minutes = 55\n", "", ["actions[4].minutes: is absent"]),
    "an unknown need": ('["consent", "open"', '["consent", "sun"', ["actions[3].needs"]),
    "an unknown tier": ('tiers = ["A", "B"]', 'tiers = ["A", "D"]', ["actions[6].tiers[2]: Input should be 'A', 'B' or 'C'"]),
    "an unknown channel": ("contacts = { call = 1 }", "contacts = { fax = 1 }", ["actions[3].contacts.fax"]),
    "a package twice": ('name = "help_offer"\n', 'name = "visit"\n', ["actions[5].name: 'visit' stands there twice, first as actions[4]"]),
    "a first package that takes time": ("minutes = 0", "minutes = 5", ["actions[1]: the first action uses minutes"]),
    "a gift above the cap": ("minutes = 55\nstops = 1\nmoney = 15", "minutes = 55\nstops = 1\nmoney = 300\ngift = 250", ["actions[4].gift: 250 is more than limits.gift_cap 200"]),
    "a gift above the money": ("minutes = 55\nstops = 1\nmoney = 15", "minutes = 55\nstops = 1\nmoney = 15\ngift = 50", ["actions[4].gift: 50 is more than its money 15"]),
    "churned before at risk": ("churned_cycles = 2.7", "churned_cycles = 1.2", ["facts.longer_silent.churned_cycles: 1.2 is less than at_risk_cycles 1.3"]),
    "a prior of no package": ("[priors]\n", "[priors]\ndance = 1\n", ["priors.dance: 'dance' is not an action"]),
    "a prior of waiting": ("[priors]\n", "[priors]\nwait = 1\n", ["priors.wait: 'wait' is not an action after the first"]),
    "no hours": ("minutes_per_week = 2400\n", "", ["rep.minutes_per_week: is absent"]),
    "a kind that is an array": ('kind = "gift"', 'kind = ["gift"]', ["emotional[6].kind: not a kind of event"]),
    "an hour that is a number": ("start = 20:00:00", "start = 2000", ["limits.quiet_hours.start: the value must be a time of day such as 20:00:00 (got 2000)"]),
    "a festival that lasts until the next": ("days_before = 21\ndays_after = 0", "days_before = 21\ndays_after = 340", ["festivals[1]: 361 days overlap the days of the next year"]),
    "an array that is a table": ("abc = [0.5, 0.3, 0.2]", "abc = { A = 1.0 }", ["abc: the value must be an array"]),
    "a table that is a number": ("[tolerance]\ntoo_cold = 0.5\ntoo_hot = 1.75\n", "[[tolerance]]\ntoo_cold = 0.5\n", ["tolerance: the value must be a table"]),
    "nothing but a faulty package": (PHARMACY[PHARMACY.index('[[actions]]'):PHARMACY.index('# Help that may be')], '[[actions]]\nname = "wait"\nminutes = 0\nmoney = 0\n', ["actions[1].stops: is absent"]),
    "a preset that is none": ('name = "pharmacy"', 'extends = "shops"\nname = "mine"', ["extends: 'shops' is not a preset"]),
}  # fmt: skip


def faults_of(text: str) -> list[str]:
    with pytest.raises(BadUse, match=r"The playbook p.toml is not valid.") as refused:
        parse_playbook(text, "p.toml")
    return [str(fault) for fault in refused.value.faults]


@pytest.mark.parametrize("what", FAULTS)
def test_a_fault_is_told_with_its_key_and_its_line(what):
    old, new, expected = FAULTS[what]
    assert old in PHARMACY
    told = faults_of(PHARMACY.replace(old, new, 1))
    assert len(told) == len(expected)
    for fault, part in zip(told, expected, strict=True):
        assert part in fault
    where = PHARMACY[: PHARMACY.index(old)].count("\n") + 1
    assert all(abs(int(fault.split("line ")[1].split(",")[0]) - where) <= 260 for fault in told)


def test_all_faults_are_told_at_once_in_the_order_of_their_lines():
    text = PHARMACY
    for old, new in (
        ("visit = 8", "visit = -8"),
        ("C = { visit = 1, call = 1, message = 1 }\n", ""),
        ('"mid_autumn"', '"midautumn"'),
        ('kind = "gift"', 'kind = "gifts"'),
        ('start = "06-01"', 'start = "02-20"'),
        ("familiarity = 0.2", "familiarity = 0.3"),
        ('name = "help_offer"\n', 'name = "visit"\n'),
    ):
        text = text.replace(old, new, 1)
    lines = text.splitlines()
    told = faults_of(text)
    assert [fault.split(": ")[0].split(", ")[1] for fault in told] == [
        "cadence.C",
        "cadence.A.visit",
        "festivals[3].festival",
        "seasons[2]",
        "emotional[6].kind",
        "relationship_grade.weights",
        "actions[5].name",
    ]
    shown = [lines[int(fault.split("line ")[1].split(",")[0]) - 1] for fault in told]
    assert shown == [
        "[cadence]",
        "A = { visit = -8, call = 4, message = 4 }",
        'festival = "midautumn"',
        "[[seasons]]",
        'kind = "gifts"',
        "weights = { familiarity = 0.3, closeness = 0.25, sales_support = 0.25, complaints = 0.15, receivables = 0.15 }",
        'name = "visit"',
    ]


@pytest.mark.parametrize(
    ("name", "visits"), [("pharmacy", {"A": 8, "B": 4, "C": 1}), ("dealer", {"A": 2, "B": 1, "C": 0.5})]
)
def test_a_preset_says_what_the_field_says(name, visits):
    playbook = read_playbook(name)
    assert {tier: row["visit"] for tier, row in playbook.cadence.items()} == visits
    assert {tier: (row["call"], row["message"]) for tier, row in playbook.cadence.items()} == {
        "A": (4, 4),
        "B": (2, 2),
        "C": (1, 1),
    }
    assert (playbook.reciprocity.asks_per_rep_month, playbook.reciprocity.trainings_per_rep_month) == (5, 1)
    assert playbook.reciprocity.problems_per_account_month == {"A": 2, "B": 1, "C": 1}
    assert playbook.priors == {}
    assert playbook.abc == (0.5, 0.3, 0.2)
    assert len(playbook.visit.bring_home) == 6
    assert len(playbook.visit.steps) == 8


@pytest.mark.parametrize("name", PRESETS)
def test_a_preset_weighs_every_kind_with_a_sign_by_that_sign(name):
    from kqml.events import KINDS

    weights = {entry.kind: entry.weight for entry in read_playbook(name).emotional if entry.topic is None}
    assert {kind: np.sign(weights.get(kind, 0)) for kind in KINDS} == {kind: kind.sign for kind in KINDS}


def test_the_world_reads_the_pharmacy_preset_as_it_was_fitted():
    playbook = read_playbook()
    assert playbook.action_names == ("wait", "message", "call", "visit", "help_offer", "two_visits")
    assert [package.minutes for package in playbook.actions] == [0, 5, 15, 55, 85, 110]
    assert [package.money for package in playbook.actions] == [0, 1, 2, 15, 90, 30]
    assert (playbook.rep.minutes_per_week, playbook.rep.stops_per_week, playbook.rep.budget_per_week) == (
        2400,
        50,
        1500,
    )
    assert playbook.margin_rate == {"pharmacy": 0.28, "supermarket": 0.18, "dealer": 0.12}


def test_a_file_may_state_only_what_differs_from_a_preset():
    mine = parse_playbook('extends = "pharmacy"\nname = "mine"\n[cadence]\nA = { visit = 6 }\n', "mine.toml")
    assert mine.cadence["A"] == {"visit": 6, "call": 4, "message": 4}
    assert mine.cadence["B"] == read_playbook().cadence["B"]
    assert (mine.name, mine.actions) == ("mine", read_playbook().actions)


def test_a_fault_that_only_the_preset_could_place_stands_at_the_nearest_key():
    told = faults_of('extends = "pharmacy"\nname = "mine"\n[cadence]\nA = { visit = 20 }\n')
    assert told == ["p.toml line 1, limits.month.visit: 12 a month are fewer than the cadence of 20 – raise the cap, or lower the cadence"]  # fmt: skip


def test_a_preset_of_no_such_name_hides_no_other_fault():
    told = faults_of('extends = "shops"\nname = "mine"\n[cadence.A]\nvisit = -1\n[emotional.gift]\nweight = 1\n')
    assert [fault.split(" – ")[0] for fault in told] == [
        "p.toml line 1, extends: 'shops' is not a preset",
        "p.toml line 4, cadence.A.visit: Input should be greater than or equal to 0 (got -1)",
        "p.toml line 5, emotional: the value must be an array",
    ]


def test_broken_toml_says_where():
    with pytest.raises(BadUse, match=r"The playbook p.toml is not valid TOML: .*line 2"):
        parse_playbook("[cadence]\nA = = 1\n", "p.toml")


def test_a_playbook_that_does_not_exist_is_bad_use():
    with pytest.raises(BadUse, match="playbook nowhere does not exist; give a file or one of pharmacy, dealer"):
        read_playbook("nowhere")


def test_a_file_that_is_no_text_is_bad_use(tmp_path):
    (tmp_path / "p.toml").write_bytes(b"name = '\xff'")
    with pytest.raises(BadUse, match="is not text in UTF-8"):
        read_playbook(str(tmp_path / "p.toml"))


def test_the_fingerprint_is_of_the_content_not_of_the_layout():
    plain = parse_playbook(PHARMACY, "p.toml").fingerprint
    assert plain == read_playbook("pharmacy").fingerprint
    assert parse_playbook("# a comment\n" + PHARMACY, "p.toml").fingerprint == plain
    assert parse_playbook('extends = "pharmacy"\n', "p.toml").fingerprint == plain
    assert parse_playbook(PHARMACY.replace("money = 15", "money = 16"), "p.toml").fingerprint != plain


def test_a_playbook_that_is_changed_has_a_fingerprint_of_its_own():
    plain = read_playbook()
    assert replace(plain, minute_cost=9.0).fingerprint != plain.fingerprint
    assert replace(replace(plain, minute_cost=9.0), minute_cost=plain.minute_cost).version == plain.version


def test_the_content_is_plain_and_without_the_fingerprint():
    content = content_of(read_playbook())
    assert "fingerprint" not in content
    assert content["actions"][2]["needs"] == ["consent", "open", "rep"]
    assert content["counting"]["kinds"]["visit"] == ["visit", "meeting"]
    assert content["limits"]["quiet_hours"] == {"start": "20:00:00", "end": "08:30:00"}


def test_a_package_is_eligible_for_its_tiers_where_its_needs_hold():
    playbook = read_playbook()
    tier = np.array(["A", "B", "C", "A", "A"], dtype=object)
    conditions = {
        "open": np.array([True, True, True, False, True]),
        "rep": np.array([True, True, True, True, False]),
        "consent": np.array([False, True, False, False, True]),
    }
    found = playbook.eligible(tier, conditions)
    assert {name: found[:, place].tolist() for place, name in enumerate(playbook.action_names)} == {
        "wait": [True] * 5,
        "message": [False, True, False, False, True],
        "call": [False, True, False, False, False],
        "visit": [True, True, True, False, False],
        "help_offer": [True, True, True, False, False],
        "two_visits": [True, True, False, False, False],
    }
