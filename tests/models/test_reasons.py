import re

import numpy as np
import pytest

from features.catalog import catalog
from features.definitions import Aggregation, Atom, Code, Direction, Feature, FeatureGroup, Stream
from kqml.messages import LANGUAGES, catalogue
from models.explained import CODES, code_map, code_sums
from models.facts import FACTS, Fact, locate
from models.reasons import Reason, explainer, knows_cause
from models.sentences import VARIANTS
from models.wording import WINDOW, names_in, say, template_of, vocabulary, wording

WORDS = {"tier": ("A", "B", "C"), "segment": ("dealer", "pharmacy"), "region": ("east",)}
EVERY_VARIANT = [
    (code, way, variant)
    for way, by_code in VARIANTS.items()
    for code, variants in by_code.items()
    for variant in variants
]
NAMES = [f"{code.value}-{way}-{variant.name}" for code, way, variant in EVERY_VARIANT]


def feature_of(fact: Fact, days: int | None, code: Code = Code.ORDER_LEVEL) -> Feature:
    timeless = fact.aggregation in (Aggregation.SINCE_LAST, Aggregation.SINCE_FIRST)
    gaps = fact.aggregation in (Aggregation.GAP_MEAN, Aggregation.GAP_STD)
    window = None if timeless or gaps else days
    measure = Atom(Stream("s", fact.kinds), fact.aggregation, fact.value, days=window, last=26 if gaps else None)
    return Feature(measure, FeatureGroup.FREQUENCY, code, Direction.RISING, "test")


def every_feature() -> list[Feature]:
    """For each fact a feature of 90 days and one of 365."""
    features = [feature_of(fact, days) for fact in FACTS.values() for days in (90, 365)]
    return list({feature.measure: feature for feature in features}.values())


def row_of(features: list[Feature], numbers: dict[str, float], words: dict[str, float] | None = None) -> list[float]:
    """A row in which these facts are these numbers; everything else is missing."""
    row = [np.nan] * (len(features) + len(WORDS))
    located = locate(features)
    for name, number in numbers.items():
        row[located[name].place] = number / located[name].scale
    for name, code in (words or {}).items():
        row[len(features) + list(WORDS).index(name)] = code
    return row


def test_every_code_speaks_both_ways_in_both_languages() -> None:
    for language in LANGUAGES:
        spoken = {code: set(ways) for code, ways in catalogue("reasons", language).items() if code != "role"}
        assert spoken == {code.value: {"rising", "falling"} for code in Code}


@pytest.mark.parametrize(("code", "way", "variant"), EVERY_VARIANT, ids=NAMES)
def test_a_variant_names_the_same_known_numbers_in_both_languages(code, way, variant) -> None:
    named = [set(names_in(template_of((code, way), variant.name, language))) for language in LANGUAGES]
    assert named[0] == named[1]
    assert {name.removesuffix(WINDOW) for name in named[0]} <= {*FACTS, *WORDS}


def test_the_catalogues_hold_no_sentence_that_is_never_said() -> None:
    said = {(code.value, way, variant.name) for code, way, variant in EVERY_VARIANT}
    for language in LANGUAGES:
        written = {
            (code, way, name)
            for code, ways in catalogue("reasons", language).items()
            if code != "role"
            for way, sentences in ways.items()
            for name in sentences
        }
        assert written == said


@pytest.mark.parametrize("way", ["rising", "falling"])
@pytest.mark.parametrize("code", Code)
def test_a_symptom_always_has_words_and_a_cause_never_without_its_facts(code, way) -> None:
    features = every_feature()
    nothing = row_of(features, {})
    for language in LANGUAGES:
        said = say(wording(vocabulary(features, WORDS), language, "CNY"), code, way, nothing)
        assert (said is None) == code.is_cause
        bare = say(wording(vocabulary([], {}), language, "CNY"), code, way, [])
        assert (bare is None) == code.is_cause


HOLDING = {
    (Code.LONGER_SILENT, "rising", "over_usual"): {"silence": 37, "usual": 7.5},
    (Code.LONGER_SILENT, "rising", "days"): {"silence": 5},
    (Code.LONGER_SILENT, "falling", "within_usual"): {"silence": 2, "usual": 7.5},
    (Code.LONGER_SILENT, "falling", "days"): {"silence": 1},
    (Code.ORDERS_FALLING, "rising", "fewer"): {"orders_recent": 1, "orders_pace": 9},
    (Code.ORDERS_FALLING, "rising", "less"): {"money_recent": 10, "money_pace": 900},
    (Code.ORDERS_FALLING, "falling", "not_fewer"): {"orders_recent": 9, "orders_pace": 9},
    (Code.ORDERS_FALLING, "falling", "not_less"): {"money_recent": 900, "money_pace": 900},
    (Code.ORDERS_SMALLER, "rising", "smaller"): {"order_size": 10, "order_usual": 20},
    (Code.ORDERS_SMALLER, "falling", "not_smaller"): {"order_size": 20, "order_usual": 20},
    (Code.RANGE_NARROWER, "rising", "fewer"): {"products_recent": 1, "products_before": 4},
    (Code.RANGE_NARROWER, "rising", "few"): {"products_recent": 1},
    (Code.RANGE_NARROWER, "falling", "not_fewer"): {"products_recent": 4, "products_before": 4},
    (Code.RANGE_NARROWER, "falling", "few"): {"products_recent": 4},
    (Code.LESS_REGULAR, "rising", "spread"): {"spread": 9, "usual": 7},
    (Code.LESS_REGULAR, "falling", "spread"): {"spread": 1, "usual": 7},
    (Code.RELATION_AGE, "rising", "age"): {"age": 1},
    (Code.RELATION_AGE, "falling", "age"): {"age": 3000},
    (Code.ORDER_LEVEL, "rising", "orders"): {"orders_level": 1},
    (Code.ORDER_LEVEL, "falling", "orders"): {"orders_level": 100},
    (Code.PROFILE, "rising", "segment"): {"segment": 1},
    (Code.PROFILE, "rising", "region"): {"region": 0},
    (Code.PROFILE, "rising", "tier"): {"tier": 2},
    (Code.PROFILE, "falling", "segment"): {"segment": 0},
    (Code.PROFILE, "falling", "region"): {"region": 0},
    (Code.PROFILE, "falling", "tier"): {"tier": 0},
    (Code.NEGLECT, "rising", "never"): {"contacts_recent": 0},
    (Code.NEGLECT, "rising", "tailing_off"): {"contacts_recent": 1, "contacts_pace": 6},
    (Code.NEGLECT, "rising", "silent"): {"contact_silence": 31},
    (Code.NEGLECT, "falling", "kept_up"): {"contacts_recent": 1},
    (Code.REP_CHANGE, "rising", "changed"): {"rep_changes": 1},
    (Code.REP_CHANGE, "rising", "several"): {"reps": 2},
    (Code.REP_CHANGE, "rising", "new"): {"rep_tenure": 10},
    (Code.REP_CHANGE, "falling", "same"): {"rep_changes": 0},
    (Code.REP_CHANGE, "falling", "one"): {"reps": 1},
    (Code.REP_CHANGE, "falling", "long"): {"rep_tenure": 1000},
    (Code.COMPETITOR, "rising", "seen"): {"competitors": 1},
    (Code.COMPETITOR, "falling", "none"): {"competitors": 0},
    (Code.COMPLAINT, "rising", "unresolved"): {"complaints": 2, "complaints_resolved": 1},
    (Code.COMPLAINT, "rising", "made"): {"complaints": 1},
    (Code.COMPLAINT, "falling", "none"): {"complaints": 0},
    (Code.COMPLAINT, "falling", "resolved"): {"complaints": 1, "complaints_resolved": 1},
    (Code.BROKEN_PROMISE, "rising", "not_kept"): {"promises_made": 2, "promises_kept": 1},
    (Code.BROKEN_PROMISE, "falling", "kept"): {"promises_made": 1, "promises_kept": 1},
    (Code.NO_RESPONSE, "rising", "unanswered"): {"inbound_silence": 3, "contact_silence": 20},
    (Code.NO_RESPONSE, "falling", "answered"): {"inbound_silence": 3, "contact_silence": 1},
    (Code.PRESSURE, "rising", "spike"): {"order_peak": 900, "order_usual": 100},
    (Code.PRESSURE, "rising", "asks"): {"asks": 3, "gives": 1},
    (Code.PRESSURE, "rising", "returns"): {"returns": 1},
    (Code.PRESSURE, "falling", "gives"): {"asks": 0, "gives": 1},
    (Code.PRESSURE, "falling", "no_returns"): {"returns": 0},
    (Code.SERVICE_FAILURE, "rising", "late"): {"late": 1},
    (Code.SERVICE_FAILURE, "rising", "short"): {"short": 1},
    (Code.SERVICE_FAILURE, "rising", "invoices"): {"invoice_errors": 1},
    (Code.SERVICE_FAILURE, "falling", "none"): {"late": 0, "short": 0, "invoice_errors": 0},
    (Code.SERVICE_FAILURE, "falling", "on_time"): {"late": 0},
    (Code.PRICE_POLICY, "rising", "changed"): {"price_changes": 1},
    (Code.PRICE_POLICY, "falling", "stable"): {"price_changes": 0},
    (Code.SLOW_MOVING, "rising", "reported"): {"slow": 1},
    (Code.SLOW_MOVING, "rising", "returns"): {"returns": 1},
    (Code.SLOW_MOVING, "falling", "none"): {"slow": 0},
    (Code.SLOW_MOVING, "falling", "no_returns"): {"returns": 0},
    (Code.SMALL_NEGLECT, "rising", "never"): {"contacts_recent": 0, "tier": 2},
    (Code.SMALL_NEGLECT, "falling", "kept_up"): {"contacts_recent": 1, "tier": 2},
    (Code.MARKET_SHOCK, "rising", "stock_out"): {"stock_outs": 1},
    (Code.MARKET_SHOCK, "falling", "no_stock_out"): {"stock_outs": 0},
    (Code.ACCOUNT_CASH, "rising", "unpaid"): {"dues": 2, "payments": 1},
    (Code.ACCOUNT_CASH, "falling", "paid"): {"dues": 1, "payments": 1},
    (Code.CONDUCT, "rising", "mood"): {"mood": -0.5},
    (Code.CONDUCT, "falling", "mood"): {"mood": 0.5},
    (Code.SHALLOW, "rising", "left"): {"people_left": 1},
    (Code.SHALLOW, "rising", "one"): {"people": 1},
    (Code.SHALLOW, "falling", "several"): {"people": 2},
    (Code.NATURAL, "rising", "suspended"): {"suspensions": 1},
    (Code.NATURAL, "falling", "open"): {"suspensions": 0},
    (Code.NO_FOLLOW_UP, "rising", "nobody"): {"delivery_silence": 20, "contact_silence": 30},
    (Code.NO_FOLLOW_UP, "falling", "followed"): {"delivery_silence": 20, "contact_silence": 3},
}
"""Per variant numbers with which it is the one that is said."""


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(("code", "way", "variant"), EVERY_VARIANT, ids=NAMES)
def test_each_variant_is_said_where_its_facts_hold_and_not_where_a_number_is_missing(
    code, way, variant, language
) -> None:
    features = every_feature()
    numbers = HOLDING.get((code, way, variant.name), {})
    assert numbers or variant.name == "plain"
    words = {name: value for name, value in numbers.items() if name in WORDS}
    facts = {name: value for name, value in numbers.items() if name not in WORDS}
    ready = wording(vocabulary(features, WORDS), language, "CNY")
    said = say(ready, code, way, row_of(features, facts, words))
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(template_of((code, way), variant.name, language)))
    assert said is not None
    assert re.fullmatch(pattern, said)
    assert not re.search(r"[{}]|nan|None", said)
    for name in numbers:
        fewer = {other: value for other, value in facts.items() if other != name}
        other = {key: value for key, value in words.items() if key != name}
        assert say(ready, code, way, row_of(features, fewer, other)) != said


@pytest.mark.parametrize(
    ("language", "numbers", "said"),
    [
        ("en", {"silence": 37, "usual": 7.5}, "no order for 37 days; usually one every 7.5 days"),
        ("en", {"silence": 1, "usual": 0.8}, "no order for 1 day; usually one every 0.8 days"),
        ("en", {"silence": 1.04, "usual": 0.5}, "no order for 1 day; usually one every 0.5 days"),
        ("zh", {"silence": 37, "usual": 7.5}, "已有 37 天没有订货,平时约 7.5 天订一次"),
        ("zh", {"silence": 1234.4, "usual": 9.99}, "已有 1,234 天没有订货,平时约 10 天订一次"),
    ],
)
def test_numbers_are_in_the_words_of_the_language(language, numbers, said) -> None:
    features = every_feature()
    ready = wording(vocabulary(features, WORDS), language, "CNY")
    assert say(ready, Code.LONGER_SILENT, "rising", row_of(features, numbers)) == said


def test_money_is_in_the_currency_of_the_data() -> None:
    features = every_feature()
    row = row_of(features, {"order_size": 1234.5, "order_usual": 23456.7})
    said = [
        say(wording(vocabulary(features, WORDS), language, currency), Code.ORDERS_SMALLER, "rising", row)
        for language, currency in (("en", "USD"), ("zh", "CNY"))
    ]
    assert said == [
        "$1,234 per order in the last 90 days, $23,457 over the last 365 days",
        "近 90 天每次订货 ¥1,234,近 365 天平均 ¥23,457",
    ]


def test_a_sentence_names_the_window_that_the_model_counts_over() -> None:
    fact = FACTS["competitors"]
    ready = wording(vocabulary([feature_of(fact, 28)], {}), "en", "CNY")
    assert say(ready, Code.COMPETITOR, "rising", [2.0]) == "a competitor was seen 2 times in the last 28 days"


def test_numbers_over_different_windows_are_not_put_into_one_sentence() -> None:
    features = [feature_of(FACTS["complaints"], 90), feature_of(FACTS["complaints_resolved"], 365)]
    ready = wording(vocabulary(features, {}), "en", "CNY")
    assert say(ready, Code.COMPLAINT, "rising", [2.0, 0.0]) == "it complained 2 times in the last 90 days"


def test_the_catalog_holds_the_numbers_of_its_codes() -> None:
    facts = locate(catalog())
    assert {"silence", "usual", "spread", "age", "orders_pace", "products_before", "contacts_recent"} <= set(facts)
    ready = wording(vocabulary(catalog(), WORDS), "en", "CNY")
    used = {feature.code for feature in catalog()}
    mute = {(code, way) for (code, way), sentences in ready.items() if code in used and not sentences}
    assert mute == set()


def cause_rows(values: list[float], contributions: list[float]) -> tuple[Reason, ...]:
    """The reasons of one row of two features: complaints (rising), then days since the last order (rising)."""
    features = [
        feature_of(FACTS["complaints"], 90, Code.COMPLAINT),
        feature_of(FACTS["silence"], None, Code.LONGER_SILENT),
    ]
    made = explainer(features, {}, np.array([1.0, 10.0]), "CNY")
    return made.explain(np.array([values]), np.array([[*contributions, -2.0]]), "en", 3)[0]


def test_a_cause_is_given_where_its_number_pushes_as_expected() -> None:
    reasons = cause_rows([2.0, 12.0], [0.5, 0.2])
    assert [(reason.code, reason.direction, reason.role) for reason in reasons] == [
        (Code.COMPLAINT, "rising", "cause"),
        (Code.LONGER_SILENT, "rising", "symptom"),
    ]
    assert reasons[0].text == "it complained 2 times in the last 90 days"
    assert knows_cause(reasons)


@pytest.mark.parametrize(
    ("complaints", "contribution", "why"),
    [
        (2.0, -0.5, "many complaints cannot lower the risk"),
        (0.0, 0.5, "no complaints cannot raise it"),
        (1.0, 0.5, "a usual number does not raise it"),
        (np.nan, 0.5, "what was not recorded is no cause"),
    ],
)
def test_a_cause_is_not_given_where_its_number_pushes_the_other_way(complaints, contribution, why) -> None:
    reasons = cause_rows([complaints, 12.0], [contribution, 0.2])
    assert [reason.code for reason in reasons] == [Code.LONGER_SILENT], why
    assert not knows_cause(reasons)


def test_few_complaints_may_lower_the_risk() -> None:
    assert [(reason.code, reason.direction) for reason in cause_rows([0.0, 12.0], [-0.5, 0.01])] == [
        (Code.COMPLAINT, "falling")
    ]


def test_a_feature_without_an_expected_direction_never_carries_a_cause() -> None:
    feature = feature_of(FACTS["complaints"], 90, Code.COMPLAINT)
    either = Feature(feature.measure, feature.group, Code.COMPLAINT, Direction.EITHER, "test")
    made = explainer([either], {}, np.array([0.0]), "CNY")
    assert made.explain(np.array([[5.0]]), np.array([[2.0, 0.0]]), "en", 3) == [()]


def test_the_weightiest_raising_cause_is_always_among_the_reasons() -> None:
    codes = [Code.LONGER_SILENT, Code.ORDERS_FALLING, Code.ORDER_LEVEL, Code.COMPLAINT]
    features = [feature_of(FACTS["complaints"], days, code) for days, code in zip((7, 8, 9, 90), codes, strict=True)]
    made = explainer(features, {}, np.zeros(4), "CNY")
    values, contributions = np.full((1, 4), 3.0), np.array([[0.9, 0.8, 0.7, 0.1, 0.0]])
    chosen = [[reason.code for reason in made.explain(values, contributions, "en", count)[0]] for count in range(5)]
    assert chosen == [[], codes[:1], [codes[0], codes[3]], [*codes[:2], codes[3]], codes]


def test_sums_by_code_and_the_bias_add_up_to_the_score() -> None:
    random = np.random.default_rng(3)
    features = list(catalog())
    contributions = random.normal(size=(20, len(features) + 3))
    mapped = code_map(features, 2, np.zeros(len(features) + 2))
    sums = code_sums(mapped, random.normal(size=(20, len(features) + 2)), contributions)
    assert sums.totals.shape == (20, len(CODES))
    assert np.allclose(sums.totals.sum(axis=1) + contributions[:, -1], contributions.sum(axis=1))
    assert (np.abs(sums.supported[:, [CODES.index(Code.PROFILE)]]) == 0).all()


def test_years_months_days_are_said_by_what_there_are_two_of() -> None:
    features = every_feature()
    ready = wording(vocabulary(features, WORDS), "en", "CNY")
    ages = [say(ready, Code.RELATION_AGE, "rising", row_of(features, {"age": days})) for days in (1, 45, 200, 800)]
    assert [str(age).split(":")[0] for age in ages] == [
        "a customer for 1 day",
        "a customer for 45 days",
        "a customer for 6.6 months",
        "a customer for 2.2 years",
    ]
