"""Help offers: the offer that answers an account's reasons, and the cost of an action with it."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import orjson
from numpy.typing import NDArray

from kqml.events import EventKind
from kqml.history.known_history import KnownHistory
from kqml.playbook import Playbook
from kqml.playbook.planning import HelpOffer
from models.churn.reasons.reasons import Reason
from models.policy.allocation.problem import Actions, Floats
from models.policy.planning.company import Company
from models.uplift.weekly_actions import HELP

VISIT = "visit"
"""The action to whose minutes, stops and money the cost of a help offer is added."""

Names = NDArray[np.object_]
"""Per account the name of its help offer; None without one."""


def offers_for(
    playbook: Playbook,
    codes: Sequence[str],
    segment: str | None,
    seasons: Sequence[str],
    given: Mapping[str, int] | None = None,
) -> list[HelpOffer]:
    """Return the help offers that answer one of the reason codes, for the segment, in season, in the order of the
    reasons. `given`: how many stages of each offer the account has had; an offer with all its stages given is left out.
    """
    past = given or {}
    fitting = [
        offer
        for offer in playbook.help_offers
        if (not offer.segments or segment in offer.segments)
        and (not offer.seasons or not set(offer.seasons).isdisjoint(seasons))
        and past.get(offer.name, 0) < len(offer.stages)
    ]
    ordered = {offer.name: offer for code in codes for offer in fitting if code in offer.codes}
    return list(ordered.values())


def raising_codes(reasons: Iterable[Reason]) -> tuple[str, ...]:
    """Return the codes of the reasons that raise the risk."""
    return tuple(reason.code.value for reason in reasons if reason.direction == "rising")


def choose_offers(company: Company, reasons: Sequence[Sequence[Reason]]) -> Names:
    """Return per account the first help offer that answers one of its raising reasons and has a stage left."""
    given = stages_given(company)
    chosen: dict[object, str | None] = {}
    names = np.full(len(reasons), None, dtype=object)
    for index, account in enumerate(company.account_ids.tolist()):
        codes, past = raising_codes(reasons[index]), given.get(account, {})
        key = (codes, company.segment[index], tuple(sorted(past.items())))
        if codes and key not in chosen:
            offers = offers_for(company.playbook, codes, company.segment[index], company.seasons, past)
            chosen[key] = offers[0].name if offers else None
        names[index] = chosen.get(key)
    return names


def action_costs(playbook: Playbook, offers: Names) -> Floats:
    """Return n × K × RESOURCES: what each action takes. For an account with an offer, the action of help takes what a
    visit takes plus the offer's own minutes and money; else, or where the playbook has no visit, what its package says.
    """
    actions = Actions.of(playbook)
    cost = np.tile(actions.cost, (len(offers), 1, 1))
    if HELP not in actions.names or VISIT not in actions.names:
        return cost
    visit_cost, help_index = actions.cost[actions.names.index(VISIT)], actions.names.index(HELP)
    for offer in playbook.help_offers:
        cost[offers == offer.name, help_index] = visit_cost + np.array([offer.minutes, 0.0, offer.money])
    return cost


def stages_given(company: Company) -> Mapping[str, Mapping[str, int]]:
    """Return account id → name of an offer → how often help with it was given, as known at the cutoff."""
    log = company.book.log
    help_given = KnownHistory(log, company.cutoff).of_kinds([EventKind.HELP_GIVEN])
    accounts, texts = log.accounts[log.account[help_given]], company.book.events.texts("attributes", help_given)
    given: dict[str, Counter[str]] = {}
    for account, text in zip(accounts, texts, strict=True):
        if topic := topic_of(text):
            given.setdefault(account, Counter())[topic] += 1
    return given


def topic_of(attributes: object) -> str | None:
    """Return the offer, else the topic, that the attributes of an event name."""
    note = orjson.loads(attributes) if isinstance(attributes, str) and attributes else {}
    topic = (note.get("offer") or note.get("topic")) if isinstance(note, dict) else None
    return str(topic) if topic else None
