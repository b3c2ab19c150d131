"""Every feature, with why it is there."""

import hashlib
from collections.abc import Sequence
from functools import cache
from itertools import chain, islice

from features.catalog import interactions, market, orders, weekly
from features.catalog.names import named, why
from features.catalog.shorthand import count
from features.catalog.streams import RETURN
from features.definitions import Feature

__all__ = ["catalog", "catalog_fingerprint", "core77", "named", "why"]


@cache
def catalog() -> tuple[Feature, ...]:
    """All features, in the order of the matrix's columns."""
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
            interactions.contacts(),
            interactions.breadth(),
            interactions.help_and_trust(),
            interactions.service_and_cash(),
            interactions.market(),
        )
    )


def core77() -> tuple[Feature, ...]:
    """The 77 that benchmarks build: what orders say by themselves, contacts, visits, calls, returns."""
    contacts = islice(interactions.contacts(), 15)
    returns = (feature for feature in market.stuffing() if feature.measure in (count(RETURN, 90), count(RETURN, 365)))
    return (*orders.recency(), *orders.frequency(), *orders.monetary(), *orders.rhythm(), *contacts, *returns)


def catalog_fingerprint(features: Sequence[Feature]) -> str:
    """A digest of what the columns measure and how missing ones are filled; two models with the same one read the
    same matrix."""
    lines = [f"{feature.column}={feature.fill}" for feature in features]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
