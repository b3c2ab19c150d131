"""Features of interactions: contacts, help, trust, service, cash, the market."""

from collections.abc import Iterable

from features.catalog.streams import (
    CASH_KINDS,
    CONTACT,
    CONTACT_KINDS,
    HELP_KINDS,
    MARKET_KINDS,
    SERVICE_KINDS,
    TOUCH,
    TRUST_KINDS,
    VISIT,
    count,
    mean,
    rate_ratio,
    ratio,
    since_last,
    single,
    total,
)
from features.definitions import Aggregation, Atom, Code, Combined, Direction, Feature, FeatureGroup, Stream
from kqml.events import EventKind

_FALLING, _RISING, _EITHER = Direction.FALLING, Direction.RISING, Direction.EITHER

MEANINGS: dict[EventKind, tuple[Code, Direction]] = {
    EventKind.INBOUND: (Code.NO_RESPONSE, _EITHER),
    EventKind.HELP_GIVEN: (Code.NEGLECT, _FALLING),
    EventKind.HELP_ASKED: (Code.PRESSURE, _EITHER),
    EventKind.HELP_RECEIVED: (Code.SHALLOW, _FALLING),
    EventKind.PROBLEM_RAISED: (Code.NO_RESPONSE, _EITHER),
    EventKind.COMPLAINT: (Code.COMPLAINT, _RISING),
    EventKind.COMPLAINT_RESOLVED: (Code.COMPLAINT, _FALLING),
    EventKind.PROMISE_MADE: (Code.BROKEN_PROMISE, _EITHER),
    EventKind.PROMISE_KEPT: (Code.BROKEN_PROMISE, _FALLING),
    EventKind.DELIVERY: (Code.ORDER_LEVEL, _FALLING),
    EventKind.DELIVERY_LATE: (Code.SERVICE_FAILURE, _RISING),
    EventKind.SHORT_SUPPLY: (Code.SERVICE_FAILURE, _RISING),
    EventKind.INVOICE_ERROR: (Code.SERVICE_FAILURE, _RISING),
    EventKind.PAYMENT_DUE: (Code.ACCOUNT_CASH, _EITHER),
    EventKind.PAYMENT_RECEIVED: (Code.ACCOUNT_CASH, _FALLING),
    EventKind.COMPETITOR_SEEN: (Code.COMPETITOR, _RISING),
    EventKind.SLOW_MOVING: (Code.SLOW_MOVING, _RISING),
    EventKind.PRICE_CHANGE: (Code.PRICE_POLICY, _RISING),
    EventKind.PROMOTION: (Code.PRICE_POLICY, _EITHER),
    EventKind.STOCK_OUT: (Code.MARKET_SHOCK, _RISING),
}
"""What more events of a kind mean; of every other contact: less neglect. A promotion pleases or only moves orders."""

_WHY_OF_MARKET = {
    Code.COMPETITOR: "competitor",
    Code.SLOW_MOVING: "slow_moving",
    Code.PRICE_POLICY: "prices",
    Code.MARKET_SHOCK: "empty_shelves",
}

_OPPOSITE = {_FALLING: _RISING, _RISING: _FALLING, _EITHER: _EITHER}


def contacts() -> Iterable[Feature]:
    """Return every contact: how many, how long ago, whether they tail off, with how many people, over how many
    channels."""
    yield from _stream(CONTACT, FeatureGroup.RELATIONSHIP, (28, 90, 365))
    for stream in CONTACT_KINDS:
        yield from _stream(stream, FeatureGroup.RELATIONSHIP, (28, 90, 365))


def breadth() -> Iterable[Feature]:
    """Return the features of contact breadth: people, channels, reps, duration, depth."""
    for value in ("contact_id", "channel"):
        for days in (90, 365):
            measure = Atom(TOUCH, Aggregation.DISTINCT, value, days=days)
            yield Feature(measure, FeatureGroup.RELATIONSHIP, Code.SHALLOW, _FALLING, "breadth")
    reps = Atom(CONTACT, Aggregation.DISTINCT, "rep_id", days=365)
    yield Feature(reps, FeatureGroup.REP, Code.REP_CHANGE, _RISING, "several_reps")
    minutes = total(VISIT, "minutes", 90)
    yield Feature(minutes, FeatureGroup.RELATIONSHIP, Code.NEGLECT, _FALLING, "minutes")
    sentiment = mean(CONTACT, "sentiment", 180)
    yield Feature(sentiment, FeatureGroup.RELATIONSHIP, Code.CONDUCT, _FALLING, "sentiment")
    authenticity = mean(VISIT, "authenticity", 180)
    yield Feature(authenticity, FeatureGroup.RELATIONSHIP, Code.NEGLECT, _FALLING, "authenticity")


def help_and_trust() -> Iterable[Feature]:
    """Return the features of help in both directions, complaints, promises."""
    for stream in (*HELP_KINDS, *TRUST_KINDS):
        yield from _stream(stream, FeatureGroup.RELATIONSHIP, (90, 365))
    for answer, cause, code in (
        (EventKind.HELP_GIVEN, EventKind.HELP_ASKED, Code.PRESSURE),
        (EventKind.HELP_RECEIVED, EventKind.HELP_ASKED, Code.SHALLOW),
        (EventKind.COMPLAINT_RESOLVED, EventKind.COMPLAINT, Code.COMPLAINT),
        (EventKind.PROMISE_KEPT, EventKind.PROMISE_MADE, Code.BROKEN_PROMISE),
    ):
        measure = ratio(count(single(answer), 365), count(single(cause), 365))
        yield Feature(measure, FeatureGroup.RELATIONSHIP, code, _FALLING, "answered")


def service_and_cash() -> Iterable[Feature]:
    """Return the features of deliveries, failures and payments."""
    for stream in SERVICE_KINDS:
        yield from _stream(stream, FeatureGroup.SERVICE, (90, 365))
    delivery, *failures = SERVICE_KINDS
    for failure in failures:
        share = ratio(count(failure, 90), count(delivery, 90))
        yield Feature(share, FeatureGroup.SERVICE, Code.SERVICE_FAILURE, _RISING, "failures")
    for stream in CASH_KINDS:
        yield from _stream(stream, FeatureGroup.CASH, (90, 365))
    due, received = CASH_KINDS
    for days in (90, 365):
        paid = ratio(total(received, "amount", days), total(due, "amount", days))
        yield Feature(paid, FeatureGroup.CASH, Code.ACCOUNT_CASH, _FALLING, "paid")


def market() -> Iterable[Feature]:
    """Return the features of competitors, slow-moving stock, prices, promotions, empty shelves."""
    for stream in MARKET_KINDS:
        yield from _stream(stream, FeatureGroup.MARKET, (28, 90, 365))


def _stream(stream: Stream, group: FeatureGroup, windows: tuple[int, ...]) -> Iterable[Feature]:
    """Return count, recency and trend of one stream."""
    code, direction = _meaning(stream)
    why = _WHY_OF_MARKET.get(code, "stream_of_failures" if direction is _RISING else "stream")
    for days in windows:
        yield Feature(count(stream, days), group, code, direction, why)
    yield Feature(since_last(stream), group, code, _OPPOSITE[direction], why)
    falling: Combined = rate_ratio(count(stream, windows[0]), count(stream, windows[-1]))
    yield Feature(falling, group, code, direction, _WHY_OF_MARKET.get(code, "stream_tails_off"))


def _meaning(stream: Stream) -> tuple[Code, Direction]:
    kinds = tuple(stream.kinds)
    return MEANINGS.get(kinds[0], (Code.NEGLECT, _FALLING)) if len(kinds) == 1 else (Code.NEGLECT, _FALLING)
