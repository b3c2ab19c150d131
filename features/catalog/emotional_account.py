"""Features of the emotional account: balance, slopes, deposits, withdrawals."""

from collections.abc import Iterable

from features.catalog.streams import less, ratio
from features.definitions import Aggregation, Atom, Code, Combined, Direction, Feature, FeatureGroup, Stream
from features.rules import Ledger
from kqml.playbook.playbook import Playbook

SLOPES = (28, 90)
"""Days over which the balance is compared with what it was, as known now."""


def emotional_account(playbook: Playbook) -> Iterable[Feature]:
    """Return balance, slopes, deposits, withdrawals and the worst entries: symptoms, because every problem reduces the
    balance."""
    ledger = Ledger(playbook.emotional, playbook.emotional_omissions)
    stream = Stream("emotional", ledger.kinds, ledger)
    balance, deposits, withdrawals = (
        Atom(stream, aggregation)
        for aggregation in (Aggregation.BALANCE, Aggregation.DEPOSITS, Aggregation.WITHDRAWALS)
    )
    yield _feeling(balance)
    for days in SLOPES:
        yield _feeling(less(balance, Atom(stream, Aggregation.BALANCE, lag=days)))
    yield _feeling(deposits)
    yield _feeling(withdrawals)
    yield _feeling(ratio(withdrawals, deposits))
    for days in (90, 365):
        yield _feeling(Atom(stream, Aggregation.WORST, days=days))


def _feeling(measure: Atom | Combined) -> Feature:
    """Return a feature of which larger values are better; withdrawals are negative."""
    return Feature(measure, FeatureGroup.RELATIONSHIP, Code.RELATION_COOLER, Direction.FALLING, "emotional")
