"""Features of orders: recency, frequency, money, rhythm, trend."""

from collections.abc import Iterable

from features.catalog.streams import ORDER, count, gap, less, mean, rate_ratio, ratio, since_last, total
from features.definitions import Aggregation, Atom, Code, Combined, Direction, Feature, FeatureGroup

CYCLE = 26
"""Gaps that make an account's own cycle (design §6)."""


def recency() -> Iterable[Feature]:
    """Return days since the last order, plain, then measured by the account's own cycle."""
    silence = since_last(ORDER)
    middle, spread = gap(ORDER, Aggregation.GAP_MEAN, CYCLE), gap(ORDER, Aggregation.GAP_STD, CYCLE)
    measures: tuple[Atom | Combined, ...] = (
        silence,
        ratio(silence, middle),
        ratio(silence, gap(ORDER, Aggregation.GAP_MEDIAN, CYCLE)),
        ratio(silence, gap(ORDER, Aggregation.GAP_P90, CYCLE)),
        ratio(less(silence, middle), spread),
        ratio(silence, gap(ORDER, Aggregation.GAP_MEAN, 5)),
        ratio(silence, Atom(ORDER, Aggregation.GAP_LAST)),
    )
    for measure in measures:
        why = "silence" if measure is silence else "silence_by_cycle"
        yield Feature(measure, FeatureGroup.RECENCY, Code.LONGER_SILENT, Direction.RISING, why)


def frequency() -> Iterable[Feature]:
    """Return how often it orders; since when."""
    for days in (7, 14, 30, 60, 90, 180, 365, 730):
        yield _level(count(ORDER, days), FeatureGroup.FREQUENCY, "order_counts")
    yield _level(count(ORDER), FeatureGroup.FREQUENCY, "lifetime")
    for days in (28, 91, 182, 364):
        yield _level(Atom(ORDER, Aggregation.WEEKS, days=days), FeatureGroup.FREQUENCY, "active_weeks")
    yield _level(Atom(ORDER, Aggregation.DAYS, days=90), FeatureGroup.FREQUENCY, "active_days")
    tenure = Atom(ORDER, Aggregation.SINCE_FIRST)
    yield Feature(tenure, FeatureGroup.FREQUENCY, Code.RELATION_AGE, Direction.FALLING, "tenure")
    yield _level(ratio(count(ORDER), tenure), FeatureGroup.FREQUENCY, "lifetime")


def monetary() -> Iterable[Feature]:
    """Return how much it orders, how evenly, in how many lines."""
    group = FeatureGroup.MONETARY
    for value in ("amount", "lines", "quantity"):
        for days in (30, 90, 365):
            yield _level(total(ORDER, value, days), group, "order_sums")
    yield _level(total(ORDER, "amount", 180), group, "order_sums")
    yield _level(total(ORDER, "amount"), group, "lifetime")
    for value, days in (("amount", 90), ("amount", 365), ("lines", 90), ("lines", 365), ("quantity", 365)):
        code = Code.RANGE_NARROWER if value == "lines" else Code.ORDERS_SMALLER
        yield Feature(mean(ORDER, value, days), group, code, Direction.FALLING, "order_size")
    for aggregation, value, days in (
        (Aggregation.STD, "amount", 365),
        (Aggregation.CV, "amount", 365),
        (Aggregation.CV, "amount", 180),
        (Aggregation.CV, "lines", 365),
    ):
        measure = Atom(ORDER, aggregation, value, days=days)
        yield Feature(measure, group, Code.LESS_REGULAR, Direction.EITHER, "order_spread")
    for value, days in (("amount", 90), ("amount", 365), ("lines", 365)):
        yield _level(Atom(ORDER, Aggregation.MAXIMUM, value, days=days), group, "largest_order")


def rhythm() -> Iterable[Feature]:
    """Return the gaps between orders, their spread, whether the newest are longer than usual."""
    group = FeatureGroup.RHYTHM
    middle, spread = gap(ORDER, Aggregation.GAP_MEAN, CYCLE), gap(ORDER, Aggregation.GAP_STD, CYCLE)
    newest, median = Atom(ORDER, Aggregation.GAP_LAST), gap(ORDER, Aggregation.GAP_MEDIAN, CYCLE)
    for measure in (
        middle,
        median,
        gap(ORDER, Aggregation.GAP_P90, CYCLE),
        gap(ORDER, Aggregation.GAP_MEAN, 3),
        gap(ORDER, Aggregation.GAP_MEAN, 10),
        newest,
    ):
        yield Feature(measure, group, Code.ORDER_LEVEL, Direction.RISING, "gaps")
    for irregular in (spread, gap(ORDER, Aggregation.GAP_STD, 10), ratio(spread, middle)):
        yield Feature(irregular, group, Code.LESS_REGULAR, Direction.RISING, "regularity")
    for longer in (
        ratio(newest, middle),
        ratio(gap(ORDER, Aggregation.GAP_MEAN, 3), middle),
        ratio(gap(ORDER, Aggregation.GAP_MEAN, 10), middle),
        ratio(gap(ORDER, Aggregation.GAP_MEDIAN, 5), median),
        less(newest, middle),
    ):
        yield Feature(longer, group, Code.ORDERS_FALLING, Direction.RISING, "gaps_longer")


def trend() -> Iterable[Feature]:
    """Return a short window against a long one, a window against the one before it."""
    for short, long in ((30, 90), (30, 180), (60, 365), (90, 365), (180, 730)):
        yield _trend(rate_ratio(count(ORDER, short), count(ORDER, long)), Code.ORDERS_FALLING)
    for short, long in ((30, 90), (30, 180), (90, 365)):
        measure = rate_ratio(total(ORDER, "amount", short), total(ORDER, "amount", long))
        yield _trend(measure, Code.ORDERS_FALLING)
    for days in (30, 90, 180):
        yield _trend(ratio(count(ORDER, days), count(ORDER, days, lag=days)), Code.ORDERS_FALLING)
        earlier = total(ORDER, "amount", days, lag=days)
        yield _trend(ratio(total(ORDER, "amount", days), earlier), Code.ORDERS_FALLING)
    for value, code in (("amount", Code.ORDERS_SMALLER), ("lines", Code.RANGE_NARROWER)):
        for days, lag in ((90, 90), (30, 30)):
            yield _trend(ratio(mean(ORDER, value, days), mean(ORDER, value, days, lag=lag)), code)
        yield _trend(ratio(mean(ORDER, value, 90), mean(ORDER, value, 365)), code)
    weeks = Atom(ORDER, Aggregation.WEEKS, days=28)
    yield _trend(rate_ratio(weeks, Atom(ORDER, Aggregation.WEEKS, days=182)), Code.ORDERS_FALLING)


def _level(measure: Atom | Combined, group: FeatureGroup, why: str) -> Feature:
    return Feature(measure, group, Code.ORDER_LEVEL, Direction.FALLING, why)


def _trend(measure: Combined, code: Code) -> Feature:
    return Feature(measure, FeatureGroup.TREND, code, Direction.FALLING, "short_against_long")
