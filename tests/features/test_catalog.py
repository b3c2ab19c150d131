"""The catalog says what each feature is, why it is there; nothing in it is personal."""

from dataclasses import replace

import pytest

from features.catalog import catalog, catalog_fingerprint, core77, named, why
from features.definitions import (
    Aggregation,
    Atom,
    Code,
    Combined,
    Direction,
    Feature,
    FeatureGroup,
    Operation,
    Stream,
    atoms_of,
)
from features.plan import compile_plan
from features.rules import Card, Ledger
from kqml.errors import BadUse
from kqml.events import EventGroup, EventKind, kinds_in
from kqml.history.closings import Closing
from kqml.playbook import read_playbook
from kqml.playbook.relationship import EmotionalEntry

ORDER = Stream("order", frozenset({EventKind.ORDER}))
COUNT = Atom(ORDER, Aggregation.COUNT, days=30)


def feature(measure):
    return Feature(measure, FeatureGroup.FREQUENCY, Code.ORDER_LEVEL, Direction.EITHER, "order_counts")


def test_the_catalog_has_the_size_the_benchmarks_speak_of():
    assert len(core77()) == 77
    assert 200 <= len(catalog()) <= 420
    assert {one.column for one in core77()} <= {one.column for one in catalog()}


def test_every_kind_of_trade_contact_help_trust_and_market_has_its_features():
    wanted = {*kinds_in(EventGroup.TRADE, EventGroup.CONTACT, EventGroup.HELP, EventGroup.TRUST, EventGroup.MARKET)} - {
        EventKind.LIFE_EVENT
    }
    read = {kind for one in catalog() for atom in atoms_of(one.measure) for kind in atom.stream.kinds}
    assert wanted <= read


CAUSES = [code for code in Code if code.is_cause]


@pytest.mark.parametrize("cause", CAUSES)
def test_every_cause_is_reached_by_a_number_that_says_which_way_it_points(cause):
    assert any(one.code is cause and one.direction is not Direction.EITHER for one in catalog())


@pytest.mark.parametrize("group", FeatureGroup)
def test_every_group_has_features(group):
    assert any(one.group is group for one in catalog())


def test_personal_fields_of_the_customer_card_are_never_counted():
    rules = {atom.stream.rule for one in catalog() for atom in atoms_of(one.measure)}
    (card,) = (rule for rule in rules if isinstance(rule, Card))
    sources = {name for known_as, _ in card.fields for name in known_as if "." in name}
    assert {source for source in sources if not source.startswith("accounts.")} == {
        "contacts.role",
        "contacts.influence",
    }


CHANGED = {
    "a half-life": {"emotional": (EmotionalEntry(EventKind.VISIT, 1.0, 46.0),)},
    "a weight": {"emotional": (EmotionalEntry(EventKind.VISIT, 1.1, 45.0),)},
    "days without a follow-up": {"no_follow_up_days": 9.0},
    "days to answer": {"answers": replace(read_playbook().answers, inbound_days=3.0)},
    "a target": {"cadence": {tier: {"visit": 3.0, "call": 2.0, "message": 1.0} for tier in "ABC"}},
    "what counts": {"counting": replace(read_playbook().counting, part_share=0.25)},
}


@pytest.mark.parametrize("what", CHANGED)
def test_the_fingerprint_follows_what_the_playbook_asks(what):
    other = catalog(replace(read_playbook(), **CHANGED[what]))
    assert [one.column for one in other] == [one.column for one in catalog()]
    assert catalog_fingerprint(other) != catalog_fingerprint(catalog())


def test_what_the_playbook_says_of_other_things_leaves_the_fingerprint():
    other = replace(read_playbook(), minute_cost=99.0)
    assert catalog_fingerprint(catalog(other)) == catalog_fingerprint(catalog())


def test_personal_life_events_are_never_read():
    streams = {atom.stream for one in catalog() for atom in atoms_of(one.measure)}
    assert not any(EventKind.LIFE_EVENT in stream.kinds for stream in streams)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_feature_has_a_name_of_its_own_and_a_reason_to_be(language):
    names = [named(one, language) for one in catalog()]
    assert len(set(names)) == len(names)
    assert all(why(one, language) for one in catalog())


NAMES = [
    (COUNT, "order: count, last 30 days", "订货：次数，最近 30 天"),
    (
        Combined(COUNT, Operation.RATE_RATIO, Atom(ORDER, Aggregation.COUNT, days=90, lag=30)),
        "(order: count, last 30 days) ÷ (order: count, 90 days ending 30 days ago), both per day",
        "（订货：次数，最近 30 天）÷（订货：次数，截至 30 天前的 90 天），均按每天计",
    ),
    (
        Atom(ORDER, Aggregation.GAP_MEAN, last=26),
        "order: mean gap in days, last 26 gaps",
        "订货：平均间隔天数，最近 26 个间隔",
    ),
]


@pytest.mark.parametrize(("measure", "english", "chinese"), NAMES)
def test_names_are_made_of_what_is_measured(measure, english, chinese):
    assert named(feature(measure), "en") == english
    assert named(feature(measure), "zh") == chinese


COLUMNS = [
    (COUNT, "order_count_30d"),
    (Atom(ORDER, Aggregation.SUM, "amount", days=90, lag=365), "order_amount_sum_90d_lag365d"),
    (Atom(ORDER, Aggregation.GAP_P90, last=26), "order_gap_p90_last26"),
    (Combined(COUNT, Operation.RATIO, COUNT), "order_count_30d__over__order_count_30d"),
]


@pytest.mark.parametrize(("measure", "column"), COLUMNS)
def test_column_names_are_derived(measure, column):
    assert feature(measure).column == column


def test_the_fingerprint_follows_what_is_measured_not_what_is_said():
    one = feature(COUNT)
    told_otherwise = Feature(COUNT, FeatureGroup.TREND, Code.SEASON, Direction.RISING, "silence")
    filled = Feature(COUNT, one.group, one.code, one.direction, one.why, fill=0.0)
    assert catalog_fingerprint([one]) == catalog_fingerprint([told_otherwise])
    assert catalog_fingerprint([one]) != catalog_fingerprint([filled])
    assert catalog_fingerprint([one]) != catalog_fingerprint([one, one])


SINCE = Atom(ORDER, Aggregation.SINCE_LAST)
CLOSED = Stream("order", ORDER.kinds, Closing(frozenset({EventKind.DELIVERY})))
BOOKED = Stream("feelings", ORDER.kinds, Ledger((EmotionalEntry(EventKind.ORDER, 1.0, 30.0),)))
OTHER = Stream("others", ORDER.kinds, Ledger((EmotionalEntry(EventKind.ORDER, 2.0, 30.0),)))
FULL_CARD = Stream("card", ORDER.kinds, Card(tuple(((f"field{place}",), 1.0) for place in range(64))))
IMPOSSIBLE = [
    ([feature(COUNT), feature(COUNT)], "order_count_30d: the column is defined twice"),
    ([feature(Atom(ORDER, Aggregation.COUNT, days=30, lag=-7))], "a lag of -7 days would read the future"),
    ([feature(Atom(ORDER, Aggregation.COUNT, days=0))], "a window of 0 days"),
    ([feature(Atom(ORDER, Aggregation.COUNT, lag=7))], "a lag of 7 days without a window"),
    ([feature(Atom(ORDER, Aggregation.SUM, days=7))], "sum of None – give one of: amount"),
    ([feature(Atom(ORDER, Aggregation.COUNT, "amount", days=7))], "count of amount"),
    ([feature(Atom(ORDER, Aggregation.DISTINCT, "amount", days=7))], "distinct of amount – give one of: contact_id"),
    ([feature(Atom(ORDER, Aggregation.SINCE_LAST, days=7))], "since_last reads no window"),
    ([feature(Atom(ORDER, Aggregation.GAP_MEAN))], "gap_mean with last=None"),
    ([feature(Atom(ORDER, Aggregation.GAP_MEAN, last=0))], "the last 0 gaps"),
    ([feature(Combined(COUNT, Operation.RATE_RATIO, SINCE))], "a ratio of rates needs two windows"),
    ([feature(Atom(ORDER, Aggregation.OPEN))], "open of a stream without a Closing"),
    ([feature(Atom(CLOSED, Aggregation.GAP_LAST))], "gap_last of a stream with a Closing"),
    ([feature(Atom(CLOSED, Aggregation.OPEN, days=30, lag=30))], "open is of the cutoff"),
    ([feature(Atom(BOOKED, Aggregation.BALANCE, days=30))], "balance reads no window"),
    (
        [feature(Atom(BOOKED, Aggregation.BALANCE)), feature(Atom(OTHER, Aggregation.WORST))],
        "ledger: the catalog uses 2",
    ),
    ([feature(Atom(FULL_CARD, Aggregation.KNOWN))], "card: the card has 64 fields"),
    ([feature(Atom(ORDER, Aggregation.COUNT, months=2))], "count over months=2"),
    ([feature(Atom(ORDER, Aggregation.MAXIMUM, "amount", months=0))], "max over months=0"),
    ([feature(Atom(ORDER, Aggregation.COUNT, days=30, months=0))], "count over months=0"),
    ([feature(Atom(ORDER, Aggregation.SUM, "counted", days=30))], "sum of counted"),
    ([replace(feature(Atom(ORDER, Aggregation.COUNT, months=0)), fill=0.0)], "a monthly window has a fill value"),
    ([feature(Atom(Stream("none", frozenset()), Aggregation.COUNT, days=7))], "stream none has no kinds"),
]


@pytest.mark.parametrize(("features", "words"), IMPOSSIBLE)
def test_a_feature_that_cannot_be_computed_is_refused_in_words(features, words):
    with pytest.raises(BadUse, match="The feature catalog is not valid") as refused:
        compile_plan(features)
    assert words in str(refused.value)
