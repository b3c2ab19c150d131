import pytest

from kqml.messages import LANGUAGES, catalogue, text, without_negative_zero
from kqml.messages.quantities import Unit, fixed, quantity


@pytest.mark.parametrize(
    ("unit", "value", "english", "chinese"),
    [
        (Unit.ORDERS, 0, "0 orders", "0 次"),
        (Unit.ORDERS, 1, "1 order", "1 次"),
        (Unit.ORDERS, 2, "2 orders", "2 次"),
        (Unit.ORDERS, 1.5, "1.5 orders", "1.5 次"),
        (Unit.ORDERS, 1.04, "1 order", "1 次"),
        (Unit.DAYS, 9.94, "9.9 days", "9.9 天"),
        (Unit.DAYS, 9.96, "10 days", "10 天"),
        (Unit.DAYS, 12_345.6, "12,346 days", "12,346 天"),
        (Unit.PEOPLE, 1, "1 person", "1 人"),
        (Unit.PEOPLE, 3, "3 people", "3 人"),
        (Unit.VISITS, 1, "1 visit", "1 次"),
        (Unit.CALLS, 2, "2 calls", "2 次"),
        (Unit.MESSAGES, 1, "1 message", "1 次"),
        (Unit.DELIVERIES, 1, "1 delivery", "1 次"),
        (Unit.DELIVERIES, 4, "4 deliveries", "4 次"),
        (Unit.COMPLAINTS, 1, "1 complaint", "1 件"),
        (Unit.PROMISES, 3, "3 promises", "3 项"),
        (Unit.SHARE, 0.125, "12.5%", "12.5%"),
        (Unit.SHARE, 1.2, "120%", "120%"),
        (Unit.AGE, 60, "60 days", "60 天"),
        (Unit.AGE, 61, "2 months", "2 个月"),
        (Unit.AGE, 730, "24 months", "24 个月"),
        (Unit.AGE, 731, "2 years", "2 年"),
        (Unit.NUMBER, -0.52, "-0.5", "-0.5"),
        (Unit.NUMBER, -0.04, "0", "0"),
        (Unit.NUMBER, -0.0, "0", "0"),
        (Unit.DAYS, -0.01, "0 days", "0 天"),
        (Unit.SHARE, -0.0001, "0%", "0%"),
        (Unit.SHARE, -0.0, "0%", "0%"),
        (Unit.MONEY, -0.3, "CN¥0", "¥0"),
        (Unit.MONEY, -0.0, "CN¥0", "¥0"),
        (Unit.MONEY, 1234.5, "CN¥1,234", "¥1,234"),
        (Unit.MONEY, -3, "-CN¥3", "-¥3"),
    ],
)
def test_numbers_have_the_digits_and_the_plural_of_a_language(unit, value, english, chinese):
    assert [quantity(unit, value, language) for language in ("en", "zh")] == [english, chinese]


@pytest.mark.parametrize(("language", "written"), [("en", "$1,234,568"), ("zh", "US$1,234,568")])
def test_money_is_in_its_currency(language, written):
    assert quantity(Unit.MONEY, 1_234_567.8, language, "USD") == written


@pytest.mark.parametrize("topic", ["bands", "codes", "loss", "reasons", "grades", "units", "warnings"])
def test_a_topic_has_the_same_keys_in_both_languages(topic):
    english, chinese = (keys(catalogue(topic, language)) for language in ("en", "zh"))
    plurals = {key for key in english if topic == "units" and key.endswith(".one")}
    assert english - plurals == chinese


def test_every_unit_has_words():
    for language in LANGUAGES:
        for unit in Unit:
            assert quantity(unit, 2.0, language)


def keys(tree, path=""):
    if not isinstance(tree, dict):
        return {path}
    return set().union(*(keys(branch, f"{path}.{name}") for name, branch in tree.items()))


@pytest.mark.parametrize(
    ("value", "form", "shown"),
    [
        (-0.004, ".2f", "0.00"),
        (-0.0004, "+.3f", "0.000"),
        (-0.0, ".4g", "0"),
        (-0.4, ",.0f", "0"),
        (-0.0004, ".1%", "0.0%"),
        (-0.05, ".2f", "-0.05"),
        (-1_000.4, ",.0f", "-1,000"),
    ],
)
def test_a_rounded_zero_has_no_sign(value, form, shown):
    assert fixed(value, form) == shown


@pytest.mark.parametrize("words", ["-0.5", "R0001-00", "2024-01-31", "增益-0.10", "a-0", "-0.01%", "-0.001,5"])
def test_a_minus_of_a_number_or_a_name_stays(words):
    assert without_negative_zero(words) == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_sentences_hold_no_negative_zero(language):
    numbers = {"ours": 0.5, "theirs": 0.5, "gain": -0.0001, "low": -0.0002, "high": -0.00001}
    told = text("evaluation.table.grade", language, grade="B", rule="r", accounts=9, **numbers)
    assert "-0.000" not in told
    assert "0.000" in told
