"""Short ways to write the catalog's measures."""

from features.definitions import Aggregation, Atom, Combined, Operation, Stream


def count(stream: Stream, days: int | None = None, lag: int = 0) -> Atom:
    return Atom(stream, Aggregation.COUNT, days=days, lag=lag)


def total(stream: Stream, value: str, days: int | None = None, lag: int = 0) -> Atom:
    return Atom(stream, Aggregation.SUM, value, days=days, lag=lag)


def mean(stream: Stream, value: str, days: int | None = None, lag: int = 0) -> Atom:
    return Atom(stream, Aggregation.MEAN, value, days=days, lag=lag)


def since_last(stream: Stream) -> Atom:
    return Atom(stream, Aggregation.SINCE_LAST)


def gap(stream: Stream, aggregation: Aggregation, last: int) -> Atom:
    return Atom(stream, aggregation, last=last)


def ratio(left: Atom | Combined, right: Atom) -> Combined:
    return Combined(left, Operation.RATIO, right)


def rate_ratio(left: Atom, right: Atom) -> Combined:
    return Combined(left, Operation.RATE_RATIO, right)


def less(left: Atom | Combined, right: Atom) -> Combined:
    return Combined(left, Operation.DIFFERENCE, right)
