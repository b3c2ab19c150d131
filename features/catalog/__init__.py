"""The catalog: every feature, with the reason why it is there."""

from functools import cache
from itertools import chain, islice

from features.catalog import cadence, interactions, market, orders, service, weekly
from features.catalog import contacts as people
from features.catalog import emotional_account as feelings
from features.catalog import open_issues as answers
from features.catalog.fingerprint import catalog_fingerprint
from features.catalog.names import named, why
from features.catalog.streams import RETURN, count
from features.definitions import Feature
from kqml.playbook import Playbook, read_playbook

__all__ = ["catalog", "catalog_fingerprint", "core77", "named", "why"]


def catalog(playbook: Playbook | None = None) -> tuple[Feature, ...]:
    """Return all features by the rules of a playbook (by default the preset `pharmacy`), in the order of columns.

    The columns do not depend on the playbook; what some of them measure does.
    """
    return _by_preset() if playbook is None else _by(playbook)


@cache
def _by_preset() -> tuple[Feature, ...]:
    return _by(read_playbook())


def _by(playbook: Playbook) -> tuple[Feature, ...]:
    return tuple(
        chain(
            orders.recency(),
            orders.frequency(),
            orders.monetary(),
            orders.rhythm(),
            orders.trend(),
            weekly.weekly(),
            market.season(),
            market.stuffing(),
            market.peers(),
            market.shocks(),
            interactions.contacts(),
            interactions.breadth(),
            interactions.help_and_trust(),
            interactions.service_and_cash(),
            interactions.market(),
            answers.trust(playbook),
            answers.follow_up(playbook),
            answers.bills(),
            answers.handover(),
            feelings.emotional_account(playbook),
            cadence.cadence(playbook),
            people.contacts_and_card(playbook),
            people.rep(),
            people.status(),
            service.failures(),
        )
    )


def core77() -> tuple[Feature, ...]:
    """Return the 77 that benchmarks build: what orders say by themselves, contacts, visits, calls, returns."""
    contacts = islice(interactions.contacts(), 15)
    returns = (feature for feature in market.stuffing() if feature.measure in (count(RETURN, 90), count(RETURN, 365)))
    return (*orders.recency(), *orders.frequency(), *orders.monetary(), *orders.rhythm(), *contacts, *returns)
