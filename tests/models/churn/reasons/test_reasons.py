import re
from dataclasses import dataclass

import numpy as np
import pytest

from features.catalog import catalog
from features.definitions import (
    Aggregation,
    Atom,
    CadenceTarget,
    Code,
    Combined,
    Direction,
    Feature,
    FeatureGroup,
    Operation,
    Peer,
    Stream,
)
from features.rules import Card, CountingRule, Ledger
from kqml.events import EventKind
from kqml.history.closings import Closing
from kqml.messages import LANGUAGES, catalogue
from kqml.playbook import PRESETS, read_playbook
from models.churn.reasons.contributions import CODES, code_map, code_sums
from models.churn.reasons.facts import locate
from models.churn.reasons.named_facts import EVER, FACTS, TARGETS, Fact
from models.churn.reasons.reasons import Reason, create_explainer, knows_cause
from models.churn.reasons.sentences import VARIANTS, Threshold, Way
from models.churn.reasons.wording import WINDOW, Wording, choose_sentence, names_in, template_of, vocabulary, wording

WORDS = {"tier": ("A", "B", "C"), "segment": ("dealer", "pharmacy"), "region": ("east",)}
EVERY_VARIANT = [
    (code, way, variant)
    for way, by_code in VARIANTS.items()
    for code, variants in by_code.items()
    for variant in variants
]
NAMES = [f"{code.value}-{way}-{variant.name}" for code, way, variant in EVERY_VARIANT]


RULES = {
    None: None,
    Closing: Closing(frozenset({EventKind.VISIT})),
    CountingRule: CountingRule((), 0.5, 0.5),
    Ledger: Ledger(()),
    Card: Card(()),
}
MONTHLY = (("A", 8.0), ("B", 4.0), ("C", 1.0))
"""The targets of the tests, the same whatever the window."""

TIMELESS = (
    Aggregation.SINCE_LAST,
    Aggregation.SINCE_FIRST,
    Aggregation.GAP_MEAN,
    Aggregation.GAP_STD,
    Aggregation.BALANCE,
    Aggregation.KNOWN,
)


def atom_of(fact: Fact, days: int | None) -> Atom:
    gaps = fact.aggregation in (Aggregation.GAP_MEAN, Aggregation.GAP_STD)
    window = None if fact.aggregation in TIMELESS or fact.days == EVER else days
    stream = Stream("s", fact.kinds, RULES[fact.rule])
    return Atom(stream, fact.aggregation, fact.value, days=window, last=26 if gaps else None, months=fact.months)


def feature_of(fact: Fact, days: int | None, code: Code = Code.ORDER_LEVEL) -> Feature:
    measure: Atom | Peer = atom_of(fact, days)
    if fact.peer:
        measure = Peer(Combined(atom_of(fact, 90), Operation.RATE_RATIO, atom_of(fact, 365)), True)
    return Feature(measure, FeatureGroup.FREQUENCY, code, Direction.RISING, "test")


def target_of(fact: Fact) -> Feature:
    measure = CadenceTarget(atom_of(fact, 90), MONTHLY)
    return Feature(measure, FeatureGroup.CADENCE, Code.NEGLECT, Direction.FALLING, "test")


def every_feature() -> list[Feature]:
    """For each fact a feature of 90 days and one of 365, for each target one of 90 days."""
    features = [feature_of(fact, days) for fact in FACTS.values() for days in (90, 365)]
    features += [target_of(FACTS[name]) for name in TARGETS.values()]
    return list({feature.measure: feature for feature in features}.values())


def row_of(features: list[Feature], numbers: dict[str, float], words: dict[str, float] | None = None) -> list[float]:
    """A row in which these facts are these numbers; everything else is missing."""
    row = [np.nan] * (len(features) + len(WORDS))
    located = locate(features, WORDS)
    for name, number in numbers.items():
        row[located[name].index] = number / located[name].scale
    for name, code in (words or {}).items():
        row[len(features) + list(WORDS).index(name)] = code
    return row


@dataclass(frozen=True)
class Worded:
    """The sentences of a model in a language."""

    sentences: Wording
    language: str

    def say(self, code: Code, way: Way, row: list[float]) -> str | None:
        message = choose_sentence(self.sentences, code, way, row)
        return None if message is None else message.text(self.language)


def worded(
    features: list[Feature],
    language: str = "en",
    currency: str = "CNY",
    words: dict[str, tuple[str, ...]] = WORDS,
    playbook: str = "pharmacy",
) -> Worded:
    """The sentences of a model with these features, by a preset's thresholds."""
    return Worded(wording(vocabulary(features, words, read_playbook(playbook).facts), currency), language)


def test_every_code_speaks_both_ways_in_both_languages() -> None:
    for language in LANGUAGES:
        spoken = {code: set(ways) for code, ways in catalogue("reasons", language).items() if code != "role"}
        assert spoken == {code.value: {"rising", "falling"} for code in Code}


@pytest.mark.parametrize(("code", "way", "variant"), EVERY_VARIANT, ids=NAMES)
def test_a_variant_names_the_same_known_numbers_in_both_languages(code, way, variant) -> None:
    named = [set(names_in(template_of((code, way), variant.name, language))) for language in LANGUAGES]
    assert named[0] == named[1]
    assert {name.removesuffix(WINDOW) for name in named[0]} <= {*FACTS, *TARGETS, *WORDS}


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
        said = worded(features, language).say(code, way, nothing)
        assert (said is None) == code.is_cause
        bare = worded([], language, words={}).say(code, way, [])
        assert (bare is None) == code.is_cause


HOLDING = {
    (Code.LONGER_SILENT, "rising", "loyal"): {"age": 1200, "silence": 95},
    (Code.LONGER_SILENT, "rising", "stopped"): {"silence": 37, "usual": 7.5},
    (Code.LONGER_SILENT, "rising", "at_risk"): {"silence": 20.25, "usual": 7.5},
    (Code.LONGER_SILENT, "rising", "over_usual"): {"silence": 9.7, "usual": 7.5},
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
    (Code.RELATION_COOLER, "rising", "overdrawn"): {"balance": -1.5},
    (Code.RELATION_COOLER, "falling", "credit"): {"balance": 2},
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
    (Code.NEGLECT, "rising", "visits"): {"visits_recent": 1, "visits_month": 1, "tier": 0},
    (Code.NEGLECT, "rising", "few_visits"): {"visits_recent": 1, "tier": 0},
    (Code.NEGLECT, "rising", "calls"): {"calls_recent": 1, "tier": 0},
    (Code.NEGLECT, "rising", "messages"): {"messages_recent": 1, "tier": 1},
    (Code.NEGLECT, "rising", "tailing_off"): {"contacts_recent": 1, "contacts_pace": 6},
    (Code.NEGLECT, "rising", "silent"): {"contact_silence": 31},
    (Code.NEGLECT, "falling", "on_target"): {"visits_recent": 8, "tier": 0},
    (Code.NEGLECT, "falling", "kept_up"): {"contacts_recent": 1},
    (Code.REP_CHANGE, "rising", "unseen"): {"rep_unseen": 20},
    (Code.REP_CHANGE, "rising", "changed"): {"rep_changes": 1},
    (Code.REP_CHANGE, "rising", "several"): {"reps": 2},
    (Code.REP_CHANGE, "rising", "new"): {"rep_tenure": 10},
    (Code.REP_CHANGE, "falling", "same"): {"rep_changes": 0},
    (Code.REP_CHANGE, "falling", "one"): {"reps": 1},
    (Code.REP_CHANGE, "falling", "long"): {"rep_tenure": 1000},
    (Code.COMPETITOR, "rising", "seen"): {"competitors": 1},
    (Code.COMPETITOR, "falling", "none"): {"competitors": 0},
    (Code.COMPLAINT, "rising", "waiting"): {"complaints_open": 1, "complaint_age": 9},
    (Code.COMPLAINT, "rising", "unresolved"): {"complaints": 2, "complaints_resolved": 1},
    (Code.COMPLAINT, "rising", "made"): {"complaints": 1},
    (Code.COMPLAINT, "falling", "none"): {"complaints": 0},
    (Code.COMPLAINT, "falling", "resolved"): {"complaints": 1, "complaints_resolved": 1},
    (Code.BROKEN_PROMISE, "rising", "overdue"): {"promises_overdue": 2, "promise_late": 3},
    (Code.BROKEN_PROMISE, "rising", "not_kept"): {"promises_made": 2, "promises_kept": 1},
    (Code.BROKEN_PROMISE, "falling", "none_overdue"): {"promises_overdue": 0},
    (Code.BROKEN_PROMISE, "falling", "kept"): {"promises_made": 1, "promises_kept": 1},
    (Code.NO_RESPONSE, "rising", "waiting"): {"inbound_open": 1},
    (Code.NO_RESPONSE, "rising", "problems"): {"problems_open": 2},
    (Code.NO_RESPONSE, "rising", "unanswered"): {"inbound_silence": 3, "contact_silence": 20},
    (Code.NO_RESPONSE, "falling", "none_waiting"): {"inbound_open": 0},
    (Code.NO_RESPONSE, "falling", "answered"): {"inbound_silence": 3, "contact_silence": 1},
    (Code.PRESSURE, "rising", "spike"): {"order_peak": 900, "order_usual": 100},
    (Code.PRESSURE, "rising", "cancelled"): {"cancelled": 1},
    (Code.PRESSURE, "rising", "too_hot"): {"counted_recent": 9, "tier": 0},
    (Code.PRESSURE, "rising", "asks"): {"asks": 3, "gives": 1},
    (Code.PRESSURE, "rising", "returns"): {"returns": 1},
    (Code.PRESSURE, "falling", "gives"): {"asks": 0, "gives": 1},
    (Code.PRESSURE, "falling", "no_returns"): {"returns": 0},
    (Code.SERVICE_FAILURE, "rising", "late_share"): {"late": 3, "deliveries": 10},
    (Code.SERVICE_FAILURE, "rising", "short_share"): {"short": 2, "deliveries": 10},
    (Code.SERVICE_FAILURE, "rising", "invoice_share"): {"invoice_errors": 2, "deliveries": 10},
    (Code.SERVICE_FAILURE, "rising", "late"): {"late": 1},
    (Code.SERVICE_FAILURE, "rising", "short"): {"short": 1},
    (Code.SERVICE_FAILURE, "rising", "invoices"): {"invoice_errors": 1},
    (Code.SERVICE_FAILURE, "falling", "none"): {"late": 0, "short": 0, "invoice_errors": 0},
    (Code.SERVICE_FAILURE, "falling", "mostly"): {"deliveries": 20, "late": 1},
    (Code.SERVICE_FAILURE, "falling", "on_time"): {"late": 0},
    (Code.PRICE_POLICY, "rising", "changed"): {"price_changes": 1},
    (Code.PRICE_POLICY, "falling", "stable"): {"price_changes": 0},
    (Code.SLOW_MOVING, "rising", "reported"): {"slow": 1},
    (Code.SLOW_MOVING, "falling", "none"): {"slow": 0},
    (Code.SMALL_NEGLECT, "rising", "never"): {"contacts_recent": 0, "tier": 2},
    (Code.SMALL_NEGLECT, "falling", "kept_up"): {"contacts_recent": 1, "tier": 2},
    (Code.MARKET_SHOCK, "rising", "peers"): {"peer_pace": 0.7},
    (Code.MARKET_SHOCK, "rising", "stock_out"): {"stock_outs": 1},
    (Code.MARKET_SHOCK, "falling", "peers_hold"): {"peer_pace": 1.1},
    (Code.MARKET_SHOCK, "falling", "no_stock_out"): {"stock_outs": 0},
    (Code.ACCOUNT_CASH, "rising", "overdue"): {"money_overdue": 500, "overdue_age": 20},
    (Code.ACCOUNT_CASH, "rising", "unpaid"): {"dues": 2, "payments": 1},
    (Code.ACCOUNT_CASH, "falling", "none_overdue"): {"money_overdue": 0},
    (Code.ACCOUNT_CASH, "falling", "paid"): {"dues": 1, "payments": 1},
    (Code.CONDUCT, "rising", "mood"): {"mood": -0.5},
    (Code.CONDUCT, "falling", "mood"): {"mood": 0.5},
    (Code.SHALLOW, "rising", "left"): {"people_left": 1},
    (Code.SHALLOW, "rising", "thin_card"): {"card": 0.1},
    (Code.SHALLOW, "rising", "one"): {"people": 1},
    (Code.SHALLOW, "falling", "full_card"): {"card": 0.5},
    (Code.SHALLOW, "falling", "several"): {"people": 2},
    (Code.NATURAL, "rising", "suspended"): {"suspensions": 1},
    (Code.NATURAL, "falling", "open"): {"suspensions": 0},
    (Code.NO_FOLLOW_UP, "rising", "missed"): {"deliveries_missed": 2},
    (Code.NO_FOLLOW_UP, "rising", "orders_missed"): {"orders_missed": 1},
    (Code.NO_FOLLOW_UP, "falling", "orders_followed"): {"orders_missed": 0},
    (Code.NO_FOLLOW_UP, "rising", "nobody"): {"delivery_silence": 20, "contact_silence": 30},
    (Code.NO_FOLLOW_UP, "falling", "none_missed"): {"deliveries": 5, "deliveries_missed": 0},
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
    ready = worded(features, language)
    said = ready.say(code, way, row_of(features, facts, words))
    pattern = re.sub(r"\\\{\w+\\\}", ".+", re.escape(template_of((code, way), variant.name, language)))
    assert said is not None
    assert re.fullmatch(pattern, said)
    assert not re.search(r"[{}]|nan|None", said)
    for name in numbers:
        fewer = {other: value for other, value in facts.items() if other != name}
        other = {key: value for key, value in words.items() if key != name}
        assert ready.say(code, way, row_of(features, fewer, other)) != said


@pytest.mark.parametrize(
    ("language", "numbers", "said"),
    [
        (
            "en",
            {"silence": 37, "usual": 7.5},
            "no order for 37 days; usually one every 7.5 days: churned by its own order cycle",
        ),
        ("en", {"silence": 1, "usual": 0.8}, "no order for 1 day; usually one every 0.8 days"),
        (
            "en",
            {"silence": 1.04, "usual": 0.5},
            "no order for 1 day; usually one every 0.5 days: at risk by its own order cycle",
        ),
        ("zh", {"silence": 37, "usual": 7.5}, "已有 37 天没有订货，平时约 7.5 天订一次：按自身订货周期已流失"),
        ("zh", {"silence": 1234.4, "usual": 9.99}, "已有 1,234 天没有订货，平时约 10 天订一次：按自身订货周期已流失"),
    ],
)
def test_numbers_are_in_the_words_of_the_language(language, numbers, said) -> None:
    features = every_feature()
    ready = worded(features, language)
    assert ready.say(Code.LONGER_SILENT, "rising", row_of(features, numbers)) == said


def test_money_is_in_the_currency_of_the_data() -> None:
    features = every_feature()
    row = row_of(features, {"order_size": 1234.5, "order_usual": 23456.7})
    said = [
        worded(features, language, currency).say(Code.ORDERS_SMALLER, "rising", row)
        for language, currency in (("en", "USD"), ("zh", "CNY"))
    ]
    assert said == [
        "$1,234 per order in the last 90 days, $23,457 in the last 365 days",
        "近 90 天每次订货 ¥1,234，近 365 天平均 ¥23,457",
    ]


def test_a_sentence_names_the_window_that_the_model_counts_over() -> None:
    fact = FACTS["competitors"]
    ready = worded([feature_of(fact, 28)], words={})
    assert ready.say(Code.COMPETITOR, "rising", [2.0]) == "a competitor was seen 2 times in the last 28 days"


def test_numbers_over_different_windows_are_not_put_into_one_sentence() -> None:
    features = [feature_of(FACTS["complaints"], 90), feature_of(FACTS["complaints_resolved"], 365)]
    ready = worded(features, words={})
    assert ready.say(Code.COMPLAINT, "rising", [2.0, 0.0]) == "complained 2 times in the last 90 days"


def test_the_catalog_holds_the_numbers_of_its_codes() -> None:
    assert set(locate(catalog(), WORDS)) == {*FACTS, *TARGETS}
    ready = worded(list(catalog()))
    used = {feature.code for feature in catalog()}
    mute = {(code, way) for (code, way), sentences in ready.sentences.items() if code in used and not sentences}
    assert mute == set()


def cause_rows(values: list[float], contributions: list[float]) -> tuple[Reason, ...]:
    """The reasons of one row of two features: complaints (rising), then days since the last order (rising)."""
    features = [
        feature_of(FACTS["complaints"], 90, Code.COMPLAINT),
        feature_of(FACTS["silence"], None, Code.LONGER_SILENT),
    ]
    made = create_explainer(features, {}, np.array([1.0, 10.0]), "CNY")
    return made.explain(np.array([values]), np.array([[*contributions, -2.0]]), 3)[0]


def test_a_cause_is_given_where_its_number_pushes_as_expected() -> None:
    reasons = cause_rows([2.0, 12.0], [0.5, 0.2])
    assert [(reason.code, reason.direction, reason.role) for reason in reasons] == [
        (Code.COMPLAINT, "rising", "cause"),
        (Code.LONGER_SILENT, "rising", "symptom"),
    ]
    assert reasons[0].text("en") == "complained 2 times in the last 90 days"
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


def test_a_sentence_of_a_cause_is_about_what_pushes() -> None:
    features = [
        feature_of(FACTS["late"], 90, Code.SERVICE_FAILURE),
        feature_of(FACTS["invoice_errors"], 90, Code.SERVICE_FAILURE),
    ]
    made = create_explainer(features, {}, np.zeros(2), "CNY")
    said = [
        [reason.text("en") for reason in made.explain(np.array([[3.0, 1.0]]), np.array([[*pushes, 0.0]]), 3)[0]]
        for pushes in ((0.5, 0.2), (-0.1, 0.5), (0.5, -0.1))
    ]
    late, wrong = "delivered late 3 times in the last 90 days", "invoiced wrongly 1 time in the last 90 days"
    assert said == [[late], [wrong], [late]]


def test_every_sentence_of_a_cause_has_columns_of_its_own_code_behind_it() -> None:
    ready = worded(list(catalog()))
    bare = [
        (code, way) for (code, way), sentences in ready.sentences.items() for one in sentences if not len(one.backing)
    ]
    assert [pair for pair in bare if pair[0].is_cause] == []


def test_the_emotional_account_is_a_symptom_that_never_passes_for_a_cause() -> None:
    """Complaints, broken promises, late deliveries draw on it, too: none of them is pushed stock."""
    found = {feature.code for feature in catalog() if feature.measure.column.startswith("emotional")}
    assert found == {Code.RELATION_COOLER}
    assert not Code.RELATION_COOLER.is_cause


def test_few_complaints_may_lower_the_risk() -> None:
    assert [(reason.code, reason.direction) for reason in cause_rows([0.0, 12.0], [-0.5, 0.01])] == [
        (Code.COMPLAINT, "falling")
    ]


def test_a_feature_without_an_expected_direction_never_carries_a_cause() -> None:
    feature = feature_of(FACTS["complaints"], 90, Code.COMPLAINT)
    either = Feature(feature.measure, feature.group, Code.COMPLAINT, Direction.EITHER, "test")
    made = create_explainer([either], {}, np.array([0.0]), "CNY")
    assert made.explain(np.array([[5.0]]), np.array([[2.0, 0.0]]), 3) == [()]


def test_the_weightiest_raising_cause_is_always_among_the_reasons() -> None:
    codes = [Code.LONGER_SILENT, Code.ORDERS_FALLING, Code.ORDER_LEVEL, Code.COMPLAINT]
    features = [feature_of(FACTS["complaints"], days, code) for days, code in zip((7, 8, 9, 90), codes, strict=True)]
    made = create_explainer(features, {}, np.zeros(4), "CNY")
    values, contributions = np.full((1, 4), 3.0), np.array([[0.9, 0.8, 0.7, 0.1, 0.0]])
    chosen = [[reason.code for reason in made.explain(values, contributions, count)[0]] for count in range(5)]
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
    ready = worded(features)
    ages = [ready.say(Code.RELATION_AGE, "rising", row_of(features, {"age": days})) for days in (1, 45, 200, 800)]
    assert [str(age).split(";")[0] for age in ages] == [
        "a customer for 1 day",
        "a customer for 45 days",
        "a customer for 6.6 months",
        "a customer for 2.2 years",
    ]


@pytest.mark.parametrize(
    ("language", "code", "way", "numbers", "said"),
    [
        (
            "zh",
            Code.NEGLECT,
            "rising",
            {"visits_month": 2, "visits_recent": 3},
            "本月拜访 2 次，每月目标 8 次；近 90 天拜访 3 次",
        ),
        (
            "en",
            Code.NEGLECT,
            "rising",
            {"visits_month": 1, "visits_recent": 3},
            "1 visit so far this month against a target of 8 visits a month; 3 visits in the last 90 days",
        ),
        (
            "en",
            Code.COMPLAINT,
            "rising",
            {"complaints_open": 1, "complaint_age": 8},
            "unresolved: 1 complaint, the oldest 8 days old",
        ),
        (
            "en",
            Code.COMPLAINT,
            "rising",
            {"complaints_open": 2, "complaint_age": 1234},
            "unresolved: 2 complaints, the oldest 1,234 days old",
        ),
        (
            "zh",
            Code.COMPLAINT,
            "rising",
            {"complaints_open": 2, "complaint_age": 8},
            "有 2 件投诉未解决，最早一件已 8 天",
        ),
        (
            "en",
            Code.ACCOUNT_CASH,
            "rising",
            {"money_overdue": 1234.4, "overdue_age": 16},
            "CN¥1,234 overdue, the oldest for 16 days",
        ),
        ("zh", Code.SHALLOW, "rising", {"card": 0.125}, "客户卡只完成 12.5%"),
        ("en", Code.SHALLOW, "rising", {"card": 0.125}, "only 12.5% of the customer card is complete"),
        (
            "en",
            Code.MARKET_SHOCK,
            "rising",
            {"peer_pace": 0.7},
            "similar accounts order at only 70% of their rate over the past year",
        ),
        ("zh", Code.RELATION_COOLER, "rising", {"balance": -2.25}, "情感账户透支：余额 -2.2"),
        (
            "en",
            Code.NO_FOLLOW_UP,
            "rising",
            {"deliveries_missed": 1},
            "no follow-up in time: 1 delivery in the last 90 days",
        ),
    ],
)
def test_causes_speak_with_the_numbers_of_the_account(language, code, way, numbers, said) -> None:
    features = every_feature()
    assert worded(features, language).say(code, way, row_of(features, numbers, {"tier": 0})) == said


def test_a_target_is_that_of_the_tier() -> None:
    features = every_feature()
    ready = worded(features)
    numbers = {"visits_month": 2, "visits_recent": 2}
    said = [ready.say(Code.NEGLECT, "rising", row_of(features, numbers, {"tier": tier})) for tier in (0, 1, 2)]
    assert ["of 8 visits" in str(said[0]), "of 4 visits" in str(said[1]), said[2]] == [True, True, None]
    assert ready.say(Code.NEGLECT, "rising", row_of(features, numbers)) is None, "without a tier there is no target"


def test_a_number_that_is_held_divided_by_its_target_is_worked_out_again() -> None:
    features = [target_of(FACTS["calls_recent"]), target_of(FACTS["calls_last_month"])]
    row = [0.25, 0.5, 0.0, np.nan, np.nan]
    said = worded(features).say(Code.NEGLECT, "rising", row)
    assert said == "2 calls in the last 90 days; the target is 8 calls a month"


def test_thresholds_are_the_playbooks() -> None:
    features = every_feature()
    row = row_of(features, {"contact_silence": 45})
    strict, lenient = ({"neglect": {"long_without_contact_days": days}} for days in (30.0, 60.0))
    said = [
        Worded(wording(vocabulary(features, WORDS, facts), "CNY"), "en").say(Code.NEGLECT, "rising", row)
        for facts in (strict, lenient, {})
    ]
    assert said == ["the last contact from us was 45 days ago", None, None]


@pytest.mark.parametrize("preset", PRESETS)
def test_a_preset_says_every_threshold_that_claims_ask_for(preset) -> None:
    facts = read_playbook(preset).facts
    asked = {
        number
        for _, _, variant in EVERY_VARIANT
        for claim in variant.claims
        for number in (claim.right, claim.share)
        if isinstance(number, Threshold)
    }
    assert asked
    assert [one for one in asked if np.isnan(one.of(facts))] == []
