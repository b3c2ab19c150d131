"""Features of season, stuffing and peers: orders against last year's, after a spike, against similar accounts."""

from collections.abc import Iterable

from features.catalog.orders import CYCLE
from features.catalog.streams import CANCELLED, ORDER, RETURN, count, gap, mean, rate_ratio, ratio, since_last, total
from features.definitions import (
    Aggregation,
    Atom,
    Calendar,
    Code,
    Combined,
    Direction,
    Feature,
    FeatureGroup,
    Peer,
    SeasonMeasure,
)

YEAR = 365


def season() -> Iterable[Feature]:
    """Return the same time last year, what followed it then, the time of the year."""
    for days in (30, 90):
        coming = count(ORDER, days, lag=YEAR - days)
        past = count(ORDER, days, lag=YEAR)
        yield _season(coming, Direction.FALLING, "coming_last_year")
        yield _season(past, Direction.FALLING, "same_time_last_year")
        yield _season(ratio(coming, count(ORDER, YEAR, lag=YEAR - days)), Direction.FALLING, "coming_last_year")
        yield _against_last_year(ratio(count(ORDER, days), past))
    yield _season(count(ORDER, 90, lag=2 * YEAR - 90), Direction.FALLING, "coming_last_year")
    yield _season(total(ORDER, "amount", 90, lag=YEAR - 90), Direction.FALLING, "coming_last_year")
    yield _against_last_year(ratio(total(ORDER, "amount", 90), total(ORDER, "amount", 90, lag=YEAR)))
    yield _against_last_year(ratio(count(ORDER, 180), count(ORDER, 180, lag=YEAR)))
    yield _against_last_year(ratio(total(ORDER, "lines", 90), total(ORDER, "lines", 90, lag=YEAR)))
    for of in SeasonMeasure:
        yield _season(Calendar(of), Direction.EITHER, "time_of_year")


def _season(measure: Atom | Combined | Calendar, direction: Direction, why: str) -> Feature:
    return Feature(measure, FeatureGroup.CALENDAR, Code.SEASON, direction, why)


def _against_last_year(measure: Combined) -> Feature:
    return Feature(measure, FeatureGroup.TREND, Code.ORDERS_FALLING, Direction.FALLING, "against_last_year")


def stuffing() -> Iterable[Feature]:
    """Return the features of orders far above the account's own norm, returns and cancellations."""
    largest = Atom(ORDER, Aggregation.MAXIMUM, "amount", days=90)
    for measure in (
        ratio(largest, mean(ORDER, "amount", YEAR)),
        rate_ratio(total(ORDER, "amount", 14), total(ORDER, "amount", 180)),
        ratio(mean(ORDER, "amount", 30), mean(ORDER, "amount", 180)),
    ):
        yield _stuffing(measure, "spike")
    for days in (90, YEAR):
        yield _stuffing(ratio(total(RETURN, "amount", days), total(ORDER, "amount", days)), "returns")
        yield _stuffing(count(RETURN, days), "returns")
        yield _stuffing(count(CANCELLED, days), "cancelled")
    yield _stuffing(ratio(count(RETURN, YEAR), count(ORDER, YEAR)), "returns")
    yield _stuffing(total(RETURN, "amount", 90), "returns")
    yield Feature(since_last(RETURN), FeatureGroup.STUFFING, Code.PRESSURE, Direction.FALLING, "returns")


def _stuffing(measure: Atom | Combined, why: str) -> Feature:
    return Feature(measure, FeatureGroup.STUFFING, Code.PRESSURE, Direction.RISING, why)


def peers() -> Iterable[Feature]:
    """Return comparisons with similar accounts at the same cutoff: a fall that all share is the market's."""
    silence = ratio(since_last(ORDER), gap(ORDER, Aggregation.GAP_MEAN, CYCLE))
    yield _peer(since_last(ORDER), Code.LONGER_SILENT, Direction.RISING)
    yield _peer(silence, Code.LONGER_SILENT, Direction.RISING)
    for falling in (
        rate_ratio(count(ORDER, 30), count(ORDER, 180)),
        rate_ratio(count(ORDER, 90), count(ORDER, YEAR)),
        rate_ratio(total(ORDER, "amount", 90), total(ORDER, "amount", YEAR)),
        ratio(count(ORDER, 90), count(ORDER, 90, lag=YEAR)),
    ):
        yield _peer(falling, Code.ORDERS_FALLING, Direction.FALLING)
    for level in (count(ORDER, 90), total(ORDER, "amount", 90)):
        yield _peer(level, Code.ORDER_LEVEL, Direction.FALLING)


def shocks() -> Iterable[Feature]:
    """Return how orders of similar accounts fell, the account included: a common fall is the market's."""
    for falling in (
        rate_ratio(count(ORDER, 30), count(ORDER, 180)),
        rate_ratio(count(ORDER, 90), count(ORDER, YEAR)),
        rate_ratio(total(ORDER, "amount", 90), total(ORDER, "amount", YEAR)),
        ratio(count(ORDER, 90), count(ORDER, 90, lag=YEAR)),
    ):
        market = Peer(falling, mean=True)
        yield Feature(market, FeatureGroup.PEER, Code.MARKET_SHOCK, Direction.FALLING, "market")


def _peer(own: Atom | Combined, code: Code, direction: Direction) -> Feature:
    return Feature(Peer(own), FeatureGroup.PEER, code, direction, "peers")
