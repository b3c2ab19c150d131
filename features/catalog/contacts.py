"""Features of contacts, the customer card, the rep and pauses of the account."""

from collections.abc import Iterable

from features.catalog.streams import CONTACT, TOUCH, count, less, since_last, single
from features.definitions import Aggregation, Atom, Code, Combined, Direction, Feature, FeatureGroup, Stream
from features.rules import Card
from kqml.events import EventKind
from kqml.playbook.playbook import Playbook

_FALLING, _RISING = Direction.FALLING, Direction.RISING

LEFT, ADDED, UPDATED = map(single, (EventKind.CONTACT_LEFT, EventKind.CONTACT_ADDED, EventKind.CARD_UPDATED))
ASSIGNED, SUSPENDED, REOPENED = map(
    single, (EventKind.REP_ASSIGNED, EventKind.ACCOUNT_SUSPENDED, EventKind.ACCOUNT_REOPENED)
)

OF_BUSINESS = ("accounts.", "contacts.role", "contacts.influence")
"""How the sources of card fields begin that tell of the business, not of a person."""


def contacts_and_card(playbook: Playbook) -> Iterable[Feature]:
    """One contact only, contacts that left, the customer card, give and take, the worst mood."""
    for days in (90, 365):
        yield _people(Atom(TOUCH, Aggregation.SINGLE, "contact_id", days=days), _RISING, "breadth")
    for measure, direction in (
        (count(LEFT, 180), _RISING),
        (count(LEFT, 365), _RISING),
        (since_last(LEFT), _FALLING),
        (count(ADDED, 365), _FALLING),
    ):
        yield _people(measure, direction, "people_left")
    card = Stream("card", UPDATED.kinds, business_card(playbook))
    yield _people(Atom(card, Aggregation.KNOWN), _FALLING, "card")
    yield _people(since_last(UPDATED), _RISING, "card")
    yield from _give_and_take()
    for days in (90, 365):
        mood = Atom(CONTACT, Aggregation.MINIMUM, "sentiment", days=days)
        yield Feature(mood, FeatureGroup.RELATIONSHIP, Code.CONDUCT, _FALLING, "sentiment")


def business_card(playbook: Playbook) -> Card:
    """Return the fields of the customer card that are no personal data, by their names."""
    fields = [field for field in playbook.card if field.source.startswith(OF_BUSINESS)]
    return Card(tuple(((field.name, field.source), field.weight) for field in fields))


def rep() -> Iterable[Feature]:
    """Return how long the rep has been there, how often it was changed."""
    group, code = FeatureGroup.REP, Code.REP_CHANGE
    yield Feature(since_last(ASSIGNED), group, code, _FALLING, "rep_tenure")
    for days in (90, 365):
        yield Feature(count(ASSIGNED, days), group, code, _RISING, "several_reps")


def status() -> Iterable[Feature]:
    """Return whether the account has paused before, come back."""
    group = FeatureGroup.RELATIONSHIP
    yield Feature(count(SUSPENDED, 365), group, Code.NATURAL, _RISING, "paused")
    yield Feature(since_last(REOPENED), group, Code.NATURAL, _FALLING, "paused")


def _give_and_take() -> Iterable[Feature]:
    given, asked_for, received = map(single, (EventKind.HELP_GIVEN, EventKind.HELP_ASKED, EventKind.HELP_RECEIVED))
    for days in (90, 365):
        balance: Combined = less(count(given, days), count(asked_for, days))
        yield Feature(balance, FeatureGroup.RELATIONSHIP, Code.PRESSURE, _FALLING, "give_and_take")
    yield _people(less(count(received, 365), count(asked_for, 365)), _FALLING, "give_and_take")


def _people(measure: Atom | Combined, direction: Direction, why: str) -> Feature:
    return Feature(measure, FeatureGroup.RELATIONSHIP, Code.SHALLOW, direction, why)
