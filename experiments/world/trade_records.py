"""What the company records of trade: orders, deliveries, returns, bills, failures, the market."""

import numpy as np

from experiments.world import actions
from experiments.world.almanac import instant_in
from experiments.world.journal import Journal, event_number
from experiments.world.orders import RETURNED, return_probability
from experiments.world.scene import Scene
from experiments.world.state import NONE
from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind


def write_trade(journal: Journal, scene: Scene) -> None:
    """Adds a week's events of trade and market."""
    _orders(journal, scene)
    _stuffing(journal, scene)
    _cash(journal, scene)
    _failures(journal, scene)
    _market(journal, scene)


def _orders(journal: Journal, scene: Scene) -> None:
    """Crossings fall on route days; those of one day are one order. A delivery follows, sometimes a return."""
    met, traits, w = scene.crossings, scene.traits, scene.week.number
    if not len(met.account):
        return
    who = met.account
    draws = scene.draws.take(who)
    second = traits.two_days[who] & (met.share > 0.5)
    off_route = draws.uniform("off_route", 0, met.number) < scene.traits.off_route[who]
    stray = np.floor(5 * draws.uniform("stray_day", 0, met.number))
    day = np.where(off_route, stray, (traits.route_day[who] + 2 * second) % 5).astype(np.int64)
    slot, first, inverse = np.unique(who * 5 + day, return_index=True, return_inverse=True)
    account, day = slot // 5, (slot % 5).astype(np.float64)
    amount = np.round(np.bincount(inverse, weights=met.amount), 2).clip(0.01)
    hour = 9 + 8 * draws.uniform("order_hour", 0, met.number)[first]
    breadth = np.exp(0.5 * (np.log(amount) - np.log(traits.size[account])) + 0.3 * scene.before.satisfaction[account])
    lines = 1 + np.floor(6 * breadth * (0.7 + 0.6 * draws.uniform("lines", 0, met.number)[first]))
    at = instant_in(scene.week.begins, day, hour)
    number = (slot % 5).astype(np.int64)
    journal.add(EventKind.ORDER, w, account, at, number=number, amount=amount, lines=lines)
    later = (DAY_US * (1 + (draws.uniform("delivery", 0, met.number)[first] > 0.6))).astype(np.int64)
    journal.add(EventKind.DELIVERY, w, account, at + later, number=number, ref=event_number(w, EventKind.ORDER, number))
    back = draws.uniform("return", 0, met.number)[first] < return_probability(scene.before)[account]
    returned = np.round(RETURNED * amount[back], 2)
    journal.add(
        EventKind.RETURN, w, account[back], at[back] + 2 * DAY_US, number=number[back], amount=returned.clip(0.01)
    )


def _stuffing(journal: Journal, scene: Scene) -> None:
    who = np.flatnonzero((scene.outcomes.stuffed > 0) & scene.buying)
    traits = scene.traits
    weekly = np.exp(traits.norm[who])
    amount = np.round(scene.outcomes.stuffed[who] * weekly, 2)
    at = scene.when("stuffing", who)
    journal.add(EventKind.ORDER, scene.week.number, who, at, number=8, amount=amount, lines=np.full(len(who), 3.0))


def _cash(journal: Journal, scene: Scene) -> None:
    """A bill every four weeks for what was ordered in them; paid in days, unless the account is short of cash."""
    w, draws, state = scene.week.number, scene.draws, scene.before
    turn = draws.keys % np.uint64(4) == np.uint64(w % 4)
    billed = np.flatnonzero(scene.books & turn & (state.silent < 4))
    at = scene.when("bill", billed)
    amount = np.round(4 * state.sales[billed], 2)
    journal.add(EventKind.PAYMENT_DUE, w, billed, at, amount=amount, due_at=at)
    bill = event_number(w, EventKind.PAYMENT_DUE, 0)
    days = np.where(state.overdue[billed] != NONE, 25.0 + 40.0 * draws.uniform("pays_late", w)[billed], 0.0)
    days += 6.0 * draws.uniform("pays", w)[billed]
    paid_at = at + (days * 86_400).astype(np.int64) * (DAY_US // 86_400)
    journal.add(
        EventKind.PAYMENT_RECEIVED, w, billed, paid_at, amount=amount, ref=np.broadcast_to(bill, (len(billed),))
    )


def _failures(journal: Journal, scene: Scene) -> None:
    for kind in (EventKind.DELIVERY_LATE, EventKind.SHORT_SUPPLY, EventKind.INVOICE_ERROR):
        who = np.flatnonzero(scene.outcomes.failures[kind.code] & scene.buying)
        journal.add(kind, scene.week.number, who, scene.when(kind.code, who), known_after_days=0.3)


def _market(journal: Journal, scene: Scene) -> None:
    """What a rep sees in the shop is recorded only where somebody was there."""
    w, state, draws = scene.week.number, scene.before, scene.draws
    there = scene.books & actions.IN_PERSON[scene.acts.done]
    for kind, observed, probability in (
        (EventKind.COMPETITOR_SEEN, state.courted != NONE, 0.6),
        (EventKind.SLOW_MOVING, state.slow, 0.4),
    ):
        who = np.flatnonzero(there & observed & draws.happens(probability, kind.code + "_noted", w))
        lag = scene.lag(who, "visit_lag", scene.lag_days[who])
        at = scene.when("visit", who, 1) + 300_000_000
        journal.add(kind, w, who, at, known_after_days=lag, rep=scene.rep[who])
    for kind, flags in ((EventKind.PRICE_CHANGE, scene.week.price_rise), (EventKind.PROMOTION, scene.week.promotion)):
        who = np.flatnonzero(scene.books & flags)
        journal.add(kind, w, who, instant_in(scene.week.begins, np.zeros(len(who)), np.full(len(who), 8.0)))
