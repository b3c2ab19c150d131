"""Grades: dimensions and score of the relationship, 532 classes, credit, overall class, the customer card, periods."""

from datetime import date

import numpy as np
import pandas as pd
import pytest
from grade_cases import PLAYBOOK, event, known_of, playbook

from kqml.calendar.business_time import DAY_US, local_midnight
from kqml.events import EventKind
from kqml.grades.account_grades import overall_classes
from kqml.grades.credit import CreditInputs, credit, credit_inputs
from kqml.grades.customer_card import filled_by_events, filled_by_tables
from kqml.grades.depth import depth_evidence
from kqml.grades.periods import quarters, trailing, years
from kqml.grades.relationship import grades_of, relationship_score
from kqml.grades.sales import abc_classes
from kqml.history.attributes import AttributeChange
from kqml.history.retractions import NEVER
from kqml.playbook.relationship import CardField

DAY, START = 1000, 908.6875
"""A period of one quarter: 91.3125 days, three months of 30.4375."""

QUIET = playbook(emotional=(), emotional_omissions=())
NOTHING = np.array([np.nan])


def scored(history, recorded=None, card=None, rules=QUIET):
    known = known_of(DAY, history, recorded=recorded)
    card_filled = np.array([np.nan if card is None else card])
    start = round(START * DAY_US)
    return relationship_score(known, rules, start, depth_evidence(known, rules, card_filled, start))


def due(day, paid=None, amount=100.0):
    """A payment that falls due on a day, paid on another one."""
    made = [event(day - 20, "payment_due", due=day, id=f"i{day}", amount=amount)]
    return made if paid is None else [*made, event(paid, "payment_received", ref=f"i{day}", amount=amount)]


@pytest.mark.parametrize(
    ("dimension", "history", "value", "why"),
    [
        ("familiarity", [event(950, "visit", contact_id="p")], 1 / 3, "one of three people"),
        ("familiarity", [event(900, "visit", contact_id="p")], 0.0, "met before the period"),
        ("closeness", [event(920 + n, "visit", contact_id="p") for n in range(6)], 0.5, "2 of 4 meetings a month"),
        ("sales_support", [event(600, "order", amount=50), event(950, "order", amount=44)], 0.8, "44 ÷ (50 × 1.1)"),
        ("sales_support", [event(600, "order", amount=50), event(950, "order", amount=90)], 1.0, "it cannot be fuller"),
        ("sales_support", [event(950, "order", amount=90)], None, "no sales a year before, nothing asked"),
        (
            "sales_support",
            [event(950, "help_asked", id="q"), event(951, "help_received", ref="q")],
            1.0,
            "all that was asked",
        ),
        ("complaints", [], 1.0, "no complaint"),
        ("complaints", [event(950, "complaint", id="c"), event(951, "complaint_resolved", ref="c")], 5 / 6, "one of 3"),
        ("complaints", [event(985, "complaint")], (2 / 3 + 1 / 2) / 2, "one, open for 15 of 30 days"),
        ("complaints", [event(800, "complaint")], 0.5, "none in the period, but one is long open"),
        ("receivables", due(950, paid=950), 1.0, "paid on the day"),
        ("receivables", due(950, paid=965), (1 - 15 / 60 + 1) / 2, "15 days late, nothing open"),
        ("receivables", due(970), (1 - 30 / 60 + 0) / 2, "30 days late, all of it open"),
        ("receivables", [*due(950, paid=950), *due(1001)], 1.0, "what is not yet due is not overdue"),
        ("receivables", [], None, "nothing fell due"),
    ],
)
def test_dimensions_are_worked_out_by_hand(dimension, history, value, why):
    found = scored([*history, event(1, "visit", contact_id="z", amount=1.0)]).dimensions[dimension][0]
    assert np.isnan(found) if value is None else found == pytest.approx(value), why


def test_the_balance_is_half_of_closeness():
    rules = playbook(emotional=tuple(one for one in PLAYBOOK.emotional if one.kind is EventKind.GIFT))
    found = scored([event(DAY - 90, "gift", contact_id="p")], rules=rules)
    assert found.parts["emotional_balance"][0] == pytest.approx(0.75)
    assert found.dimensions["closeness"][0] == pytest.approx((0 + 0.75 / 10) / 2)


def test_the_score_weighs_what_is_recorded():
    found = scored([event(1, "visit", contact_id="z")], card=0.4)
    familiarity, closeness, complaints = (0 + 0.5) / 2, 0.0, 1.0
    wanted = (0.2 * familiarity + 0.25 * closeness + 0.15 * complaints) / (0.2 + 0.25 + 0.15)
    assert found.score[0] == pytest.approx(wanted)


def test_too_little_recorded_makes_no_score():
    found = scored([event(950, "order"), *due(960)], recorded=[EventKind.ORDER, EventKind.PAYMENT_DUE], rules=PLAYBOOK)
    assert np.isnan([found.score[0], *(dimension[0] for dimension in found.dimensions.values())]).all()


@pytest.mark.parametrize(
    ("score", "grade"),
    [(0.75, "A"), (0.7499, "B"), (0.55, "B"), (0.35, "C"), (0.3499, "D"), (0.0, "D"), (np.nan, None)],
)
def test_a_grade_begins_at_its_threshold(score, grade):
    assert grades_of(np.array([score]), PLAYBOOK.relationship_grade.grades).tolist() == [grade]


@pytest.mark.parametrize(
    ("sales", "classes", "why"),
    [
        ([50, 30, 20], ["A", "B", "C"], "the split itself"),
        ([20, 50, 30], ["C", "A", "B"], "the order of accounts does not matter"),
        ([100], ["A"], "a single account makes the first half"),
        ([25, 25, 25, 25], ["A", "A", "A", "A"], "who sold the same is of one class"),
        ([40, 30, 20, 10], ["A", "A", "B", "C"], "the second one begins within the first half"),
        ([90, 10], ["A", "C"], "the largest one makes more than the first two shares"),
        ([0, 10, np.nan], [None, "A", None], "no sales, no class"),
        ([], [], "nobody"),
        ([np.nan, np.nan], [None, None], "no amounts"),
    ],
)
def test_the_532_split(sales, classes, why):
    assert abc_classes(np.array(sales, dtype=float), (0.5, 0.3, 0.2)).tolist() == classes, why


def inputs(present=None, changes=(), **given):
    cs = ("capital", "character", "capacity", "collateral", "conditions")
    shares = {name: np.array([given.get(name, np.nan)]) for name in cs}
    return CreditInputs(np.array([present], dtype=object), {0: changes}, shares)


def change(day, before, after, retracted=None):
    until = NEVER if retracted is None else round(retracted * DAY_US)
    return AttributeChange(round(day * DAY_US), round(day * DAY_US), until, before, after)


@pytest.mark.parametrize(
    ("history", "told", "now", "grade", "basis", "why"),
    [
        ([], inputs("B"), True, "B", "recorded", "the table says so"),
        ([], inputs("B"), False, None, "none", "the table is of now"),
        ([], inputs("B", [change(900, "A", "B")]), False, "B", "recorded", "the change was known"),
        ([], inputs("B", [change(1000, "A", "B")]), False, "A", "recorded", "the change came later"),
        ([], inputs("C", [change(800, "A", "B"), change(900, "B", "C")]), False, "C", "recorded", "the latest one"),
        ([], inputs("C", [change(1100, "A", "B"), change(1200, "B", "C")]), False, "A", "recorded", "the next one"),
        ([], inputs("B", [change(800, "A", "B", retracted=900)]), True, "A", "recorded", "the change was retracted"),
        ([], inputs("B", [change(800, "A", "B", retracted=1000)]), False, "B", "recorded", "it was retracted later"),
        ([], inputs(), True, None, "none", "no inputs"),
        (due(900, paid=901), inputs(), False, "A", "five_cs", "it pays in time"),
        (due(900), inputs(), False, "D", "five_cs", "it does not pay"),
        ([*due(900, paid=900), *due(901)], inputs(), False, "C", "five_cs", "half of it in time"),
        (due(900, paid=900 + 15), inputs(), False, "A", "five_cs", "within the days of grace"),
        (due(900, paid=900 + 16), inputs(), False, "D", "five_cs", "after them"),
        (due(990), inputs(), False, None, "none", "the days of grace are not over"),
        ([], inputs(capital=0.6, collateral=0.6), True, "B", "five_cs", "two of the Cs are given"),
        ([], inputs(capital=0.6), False, None, "none", "given now, not then"),
    ],
)
def test_credit_is_as_recorded_else_by_the_five_cs(history, told, now, grade, basis, why):
    known = known_of(DAY, [*history, event(1, "visit", amount=1.0)])
    found = credit(known, PLAYBOOK, told, now=now)
    assert (found.grade.tolist(), found.basis.tolist()) == ([grade], [basis]), why


def test_the_five_cs_are_read_from_the_attributes():
    frame = pd.DataFrame(
        {"attributes": ['{"credit":{"capital":"A","capacity":0.5,"collateral":7}}', None, '{"credit":3}']},
        index=["a", "b", "c"],
    )
    found = credit_inputs(frame, {})
    assert found.given["capital"].tolist()[0] == 1.0
    assert found.given["capacity"].tolist()[0] == 0.5
    assert np.isnan([found.given["collateral"][0], found.given["capital"][1], found.given["capital"][2]]).all()
    assert found.present.tolist() == [None, None, None]


@pytest.mark.parametrize(
    ("results", "relationship", "credit_grade", "score", "grade"),
    [
        ("A", "A", "A", 1.0, "A"),
        ("B", "B", "B", 0.75, "B"),
        ("A", "D", "A", 0.25**0.3, "B"),
        ("C", "A", "A", 0.5**0.5, "B"),
        ("C", "D", "D", 0.5**0.5 * 0.25**0.5, "D"),
        ("A", None, None, 1.0, "A"),
        ("B", "D", None, 0.75**0.625 * 0.25**0.375, "C"),
        (None, "A", "A", None, None),
        ("A", "A", "excellent", 1.0, "A"),
    ],
)
def test_the_overall_class_multiplies_its_parts(results, relationship, credit_grade, score, grade):
    grades = {"results": results, "relationship": relationship, "credit": credit_grade}
    found, scores = overall_classes({name: np.array([one], dtype=object) for name, one in grades.items()}, PLAYBOOK)
    assert found.tolist() == [grade]
    assert np.isnan(scores[0]) if score is None else scores[0] == pytest.approx(score)


def field(name, source, weight):
    return CardField(name, source, weight, {"zh": name, "en": name})


CARD = (
    field("name", "accounts.name", 2.0),
    field("size", "accounts.attributes.size", 1.0),
    field("phone", "contacts.phone", 4.0),
    field("post", "contacts.role", 3.0),
)


def test_the_card_is_what_the_tables_hold():
    accounts = pd.DataFrame(
        {"name": ["x", " ", None], "attributes": ['{"size": 3}', '{"size": ""}', None]},
        index=pd.Index(["a", "b", "c"], name="account_id"),
    )
    contacts = pd.DataFrame({"account_id": ["b", "b"], "contact_id": ["1", "2"], "phone": [None, "1"]})
    found = filled_by_tables(accounts, contacts, CARD)
    assert found.known.tolist() == [[True, True, False, False], [False, False, True, False], [False] * 4]
    assert found.share.tolist() == pytest.approx([0.3, 0.4, 0.0])
    assert [one.name for one in found.missing(0)] == ["phone", "post"]
    assert [one.name for one in found.missing(2)] == ["phone", "post", "name", "size"]


@pytest.mark.parametrize(
    ("fields", "share"),
    [(["role"], 0.3), (["post", "name"], 0.5), (["contacts.role"], 0.3), (["shoe_size"], 0.0), ([], 0.0)],
)
def test_the_card_as_it_stood_then_is_what_was_noted_by_then(fields, share):
    noted = event(900, "card_updated", attributes={"fields": fields})
    later = event(DAY, "card_updated", attributes={"fields": ["phone"]})
    assert filled_by_events(known_of(DAY, [noted, later], []), CARD).share.tolist() == pytest.approx([share, 0.0])


ZONE = "Asia/Shanghai"


def days(period):
    months = [(year, month) for year in (2023, 2024) for month in range(1, 13)]
    named = {local_midnight(date(year, month, 1), ZONE): f"{year}-{month:02}" for year, month in months}
    return period.name, named.get(period.start), named.get(period.end), period.complete


def test_quarters_end_at_the_cutoff():
    at = local_midnight(date(2024, 4, 1), ZONE)
    assert [days(one) for one in quarters(at, ZONE, 2)] == [
        ("2023-Q4", "2023-10", "2024-01", True),
        ("2024-Q1", "2024-01", "2024-04", True),
    ]
    assert [days(one) for one in quarters(at + 1, ZONE, 2)] == [
        ("2024-Q1", "2024-01", "2024-04", True),
        ("2024-Q2", "2024-04", None, False),
    ]


def test_years_are_calendar_years():
    at = local_midnight(date(2024, 7, 1), ZONE)
    assert [days(one) for one in years(at, ZONE, 2)] == [
        ("2023", "2023-01", "2024-01", True),
        ("2024", "2024-01", "2024-07", False),
    ]
    assert trailing(at).end - trailing(at).start == 365 * DAY_US
