"""Features of service: delivery failures, also as a share of deliveries and orders."""

from collections.abc import Iterable

from features.catalog.streams import ORDER, SERVICE_KINDS, count, rate_ratio, ratio, since_last
from features.definitions import Atom, Code, Combined, Direction, Feature, FeatureGroup, Stream

_, *FAILURES = SERVICE_KINDS
FAILURE = Stream("failure", frozenset(kind for stream in FAILURES for kind in stream.kinds))
"""Late, short, wrongly billed."""


def failures() -> Iterable[Feature]:
    """Return the features of all failures, of new ones, and of each kind relative to deliveries and orders."""
    delivery = SERVICE_KINDS[0]
    for measure in (count(FAILURE, 90), count(FAILURE, 365), rate_ratio(count(FAILURE, 90), count(FAILURE, 365))):
        yield _failure(measure)
    yield Feature(since_last(FAILURE), FeatureGroup.SERVICE, Code.SERVICE_FAILURE, Direction.FALLING, "failures")
    for failure in FAILURES:
        yield _failure(ratio(count(failure, 365), count(delivery, 365)))
    yield _failure(ratio(count(FAILURE, 90), count(ORDER, 90)))


def _failure(measure: Atom | Combined) -> Feature:
    return Feature(measure, FeatureGroup.SERVICE, Code.SERVICE_FAILURE, Direction.RISING, "failures")
