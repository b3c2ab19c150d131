"""The catalog says what each feature is, why it is there; nothing in it is personal."""

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
from kqml.errors import BadUse
from kqml.events import EventKind, Group, kinds_in

ORDER = Stream("order", frozenset({EventKind.ORDER}))
COUNT = Atom(ORDER, Aggregation.COUNT, days=30)


def feature(measure):
    return Feature(measure, FeatureGroup.FREQUENCY, Code.ORDER_LEVEL, Direction.EITHER, "order_counts")


def test_the_catalog_has_the_size_the_benchmarks_speak_of():
    assert len(core77()) == 77
    assert 200 <= len(catalog()) <= 320
    assert {one.column for one in core77()} <= {one.column for one in catalog()}


def test_every_kind_of_trade_contact_help_trust_and_market_has_its_features():
    wanted = {*kinds_in(Group.TRADE, Group.CONTACT, Group.HELP, Group.TRUST, Group.MARKET)} - {EventKind.LIFE_EVENT}
    read = {kind for one in catalog() for atom in atoms_of(one.measure) for kind in atom.stream.kinds}
    assert read == wanted


def test_personal_life_events_are_never_read():
    streams = {atom.stream for one in catalog() for atom in atoms_of(one.measure)}
    assert not any(EventKind.LIFE_EVENT in stream.kinds for stream in streams)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_feature_has_a_name_of_its_own_and_a_reason_to_be(language):
    names = [named(one, language) for one in catalog()]
    assert len(set(names)) == len(names)
    assert all(why(one, language) for one in catalog())


NAMES = [
    (COUNT, "order: number, last 30 days", "订货:次数,最近30天"),
    (
        Combined(COUNT, Operation.RATE_RATIO, Atom(ORDER, Aggregation.COUNT, days=90, lag=30)),
        "(order: number, last 30 days) ÷ (order: number, the 90 days until 30 days ago), both per day",
        "(订货:次数,最近30天)÷(订货:次数,截至30天前的90天),均按每天计",
    ),
    (
        Atom(ORDER, Aggregation.GAP_MEAN, last=26),
        "order: mean gap in days, last 26",
        "订货:平均间隔天数,最近26个间隔",
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
IMPOSSIBLE = [
    ([feature(COUNT), feature(COUNT)], "order_count_30d: is defined twice"),
    ([feature(Atom(ORDER, Aggregation.COUNT, days=30, lag=-7))], "a lag of -7 days would read the future"),
    ([feature(Atom(ORDER, Aggregation.COUNT, days=0))], "a window of 0 days"),
    ([feature(Atom(ORDER, Aggregation.COUNT, lag=7))], "a lag of 7 days without a window"),
    ([feature(Atom(ORDER, Aggregation.SUM, days=7))], "sum of None – give one of: amount"),
    ([feature(Atom(ORDER, Aggregation.COUNT, "amount", days=7))], "count of amount"),
    ([feature(Atom(ORDER, Aggregation.DISTINCT, "amount", days=7))], "distinct of amount – give one of: contact_id"),
    ([feature(Atom(ORDER, Aggregation.SINCE_LAST, days=7))], "since_last reads no window"),
    ([feature(Atom(ORDER, Aggregation.GAP_MEAN))], "gap_mean with last=None"),
    ([feature(Atom(ORDER, Aggregation.GAP_MEAN, last=0))], "the last 0 gaps"),
    ([feature(Combined(COUNT, Operation.RATE_RATIO, SINCE))], "a ratio of rates without two windows"),
    ([feature(Atom(Stream("none", frozenset()), Aggregation.COUNT, days=7))], "stream none has no kinds"),
]


@pytest.mark.parametrize(("features", "words"), IMPOSSIBLE)
def test_a_feature_that_cannot_be_computed_is_refused_in_words(features, words):
    with pytest.raises(BadUse, match="The catalog cannot be compiled") as refused:
        compile_plan(features)
    assert words in str(refused.value)
