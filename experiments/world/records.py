"""What the company's records say of a week: its events, with their lags and gaps."""

from dataclasses import dataclass

import numpy as np

from experiments.world import actions
from experiments.world.acting import Acts
from experiments.world.actions import Package
from experiments.world.almanac import instant_in
from experiments.world.draws import Draws, Flags, Floats, Places
from experiments.world.dynamics import Happenings
from experiments.world.journal import NOTES, Journal, event_number
from experiments.world.orders import RETURNED, Crossings, return_chance
from experiments.world.population import Traits
from experiments.world.state import NONE, State
from experiments.world.weeks import Week
from kqml.calendar import DAY_US, Instants
from kqml.events import EventKind

HOLDERS = 64
"""Rep codes are seat × HOLDERS + holder."""


@dataclass(frozen=True)
class Scene:
    """A week that has been lived, as it has to be written down. `place`: of each account in the block's journal.
    `before`: the state at the cutoff. `books`, `buying`: on the books; still a customer. `rep`: code of the holder."""

    week: Week
    traits: Traits
    before: State
    found: Happenings
    acts: Acts
    crossings: Crossings
    books: Flags
    buying: Flags
    rep: Places
    lag_days: Floats
    luck: Draws
    hidden: frozenset[EventKind] = frozenset()

    def when(self, purpose: str, who: Places, index: int = 0) -> Instants:
        """Working hours of a working day in the week."""
        luck, w = self.luck.take(who), self.week.number
        day = np.floor(5 * luck.uniform(purpose + "_day", w, index))
        return instant_in(w, day, 8.5 + 9 * luck.uniform(purpose + "_hour", w, index))

    def lag(self, who: Places, purpose: str, middle: Floats | float) -> Floats:
        """Days until something is recorded."""
        return np.asarray(middle * np.exp(0.6 * self.luck.take(who).normal(purpose, self.week.number)))


def write_week(journal: Journal, scene: Scene) -> None:
    """Adds all events of a week."""
    _orders(journal, scene)
    _stuffing(journal, scene)
    _cash(journal, scene)
    _contacts(journal, scene)
    _help(journal, scene)
    _trust(journal, scene)
    _failures(journal, scene)
    _market(journal, scene)
    _people(journal, scene)


def _orders(journal: Journal, scene: Scene) -> None:
    """Crossings fall on route days; those of one day are one order. A delivery follows, sometimes a return."""
    met, traits, w = scene.crossings, scene.traits, scene.week.number
    if not len(met.account):
        return
    who = met.account
    luck = scene.luck.take(who)
    second = traits.two_days[who] & (met.share > 0.5)
    off_route = luck.uniform("off_route", 0, met.number) < scene.traits.off_route[who]
    stray = np.floor(5 * luck.uniform("stray_day", 0, met.number))
    day = np.where(off_route, stray, (traits.route_day[who] + 2 * second) % 5).astype(np.int64)
    slot, first, inverse = np.unique(who * 5 + day, return_index=True, return_inverse=True)
    account, day = slot // 5, (slot % 5).astype(np.float64)
    amount = np.round(np.bincount(inverse, weights=met.amount), 2).clip(0.01)
    hour = 9 + 8 * luck.uniform("order_hour", 0, met.number)[first]
    breadth = np.exp(0.5 * (np.log(amount) - np.log(traits.size[account])) + 0.3 * scene.before.satisfaction[account])
    lines = 1 + np.floor(6 * breadth * (0.7 + 0.6 * luck.uniform("lines", 0, met.number)[first]))
    at = instant_in(w, day, hour)
    number = (slot % 5).astype(np.int64)
    journal.add(EventKind.ORDER, w, account, at, number=number, amount=amount, lines=lines)
    later = (DAY_US * (1 + (luck.uniform("delivery", 0, met.number)[first] > 0.6))).astype(np.int64)
    journal.add(EventKind.DELIVERY, w, account, at + later, number=number, ref=event_number(w, EventKind.ORDER, number))
    back = luck.uniform("return", 0, met.number)[first] < return_chance(scene.before)[account]
    returned = np.round(RETURNED * amount[back], 2)
    journal.add(
        EventKind.RETURN, w, account[back], at[back] + 2 * DAY_US, number=number[back], amount=returned.clip(0.01)
    )


def _stuffing(journal: Journal, scene: Scene) -> None:
    who = np.flatnonzero((scene.found.stuffed > 0) & scene.buying)
    traits = scene.traits
    weekly = np.exp(traits.norm[who])
    amount = np.round(scene.found.stuffed[who] * weekly, 2)
    at = scene.when("stuffing", who)
    journal.add(EventKind.ORDER, scene.week.number, who, at, number=8, amount=amount, lines=np.full(len(who), 3.0))


def _cash(journal: Journal, scene: Scene) -> None:
    """A bill every four weeks for what was ordered in them; paid in days, unless the account is short of cash."""
    w, luck, state = scene.week.number, scene.luck, scene.before
    turn = luck.keys % np.uint64(4) == np.uint64(w % 4)
    billed = np.flatnonzero(scene.books & turn & (state.silent < 4))
    at = scene.when("bill", billed)
    amount = np.round(4 * state.sales[billed], 2)
    journal.add(EventKind.PAYMENT_DUE, w, billed, at, amount=amount, due_at=at)
    bill = event_number(w, EventKind.PAYMENT_DUE, 0)
    days = np.where(state.overdue[billed] != NONE, 25.0 + 40.0 * luck.uniform("pays_late", w)[billed], 0.0)
    days += 6.0 * luck.uniform("pays", w)[billed]
    paid_at = at + (days * 86_400).astype(np.int64) * (DAY_US // 86_400)
    journal.add(
        EventKind.PAYMENT_RECEIVED, w, billed, paid_at, amount=amount, ref=np.broadcast_to(bill, (len(billed),))
    )


def _contacts(journal: Journal, scene: Scene) -> None:
    """Visits, calls, messages as recorded: the faked ones too, all of them late."""
    recorded, w, luck = np.where(scene.books, scene.acts.recorded, Package.WAIT), scene.week.number, scene.luck
    for package, kind, channel in ((Package.MESSAGE, EventKind.MESSAGE, 2), (Package.CALL, EventKind.CALL, 1)):
        who = np.flatnonzero(recorded == package)
        minutes = np.round(3 + 9 * luck.uniform("minutes", w)[who] ** 2 * (1 + channel % 2))
        columns = _by_whom(scene, who, channel)
        journal.add(
            kind,
            w,
            who,
            scene.when("contact", who),
            known_after_days=0.3 * scene.lag_days[who],
            minutes=minutes,
            **columns,
        )
    for index, visited in enumerate((actions.IN_PERSON[recorded], recorded == Package.TWO_VISITS)):
        _visits(journal, scene, np.flatnonzero(visited), index)


def _by_whom(scene: Scene, who: Places, channel: int) -> dict[str, Places]:
    met = (
        scene.luck.take(who).uniform("who_met", scene.week.number) * np.maximum(scene.before.contacts[who], 1)
    ).astype(np.int64)
    return {"rep": scene.rep[who], "contact": met, "channel": np.full(len(who), channel)}


def _visits(journal: Journal, scene: Scene, who: Places, index: int) -> None:
    w, luck, faked = scene.week.number, scene.luck.take(who), scene.acts.faked[who]
    felt = 0.5 * scene.before.satisfaction[who] + 0.35 * luck.normal("sentiment", w, index + 1)
    sentiment = np.where(faked, 0.3 + 0.1 * luck.normal("told_sentiment", w, index + 1), felt)
    real = luck.uniform("authenticity", w, index + 1)
    authenticity = np.where(faked, 0.05 + 0.5 * real, 1.0 - 0.4 * real**2)
    minutes = np.round(np.where(faked, 18.0, 15 + 40 * luck.uniform("visit_minutes", w, index + 1)))
    at = scene.when("visit", who, index + 1)
    lag = scene.lag(who, "visit_lag", scene.lag_days[who])
    journal.add(
        EventKind.VISIT,
        w,
        who,
        at,
        known_after_days=lag,
        number=index,
        minutes=minutes,
        sentiment=np.round(sentiment.clip(-1, 1), 2),
        authenticity=np.round(authenticity, 2),
        **_by_whom(scene, who, 0),
    )
    checked = ~faked & luck.happens(0.3, "verified", w, index + 1)
    visit = np.broadcast_to(event_number(w, EventKind.VISIT, index), (len(who),))
    journal.add(
        EventKind.VISIT_VERIFIED,
        w,
        who[checked],
        at[checked] + 60_000_000,
        known_after_days=lag[checked] + 0.5,
        number=index,
        ref=visit[checked],
    )


def _note(topic: str, count: int) -> Places:
    return np.full(count, NOTES.index(f'{{"topic":"{topic}"}}'))


def _help(journal: Journal, scene: Scene) -> None:
    """What we do for them, what we ask of them, what they bring to us."""
    w, state, luck, done = scene.week.number, scene.before, scene.luck, scene.acts.done
    helped = np.flatnonzero(scene.books & (scene.acts.recorded == Package.HELP_OFFER))
    topic = np.select(
        [state.complaint[helped] != NONE, state.problem[helped], state.slow[helped], state.courted[helped] != NONE],
        [0, 1, 2, 3],
        default=4,
    )
    journal.add(
        EventKind.HELP_GIVEN,
        w,
        helped,
        scene.when("visit", helped, 1) + 600_000_000,
        known_after_days=scene.lag(helped, "visit_lag", scene.lag_days[helped]),
        note=topic,
        rep=scene.rep[helped],
    )
    asked = np.flatnonzero(scene.books & actions.IN_PERSON[done] & luck.happens(0.1, "asks", w))
    at, lag = scene.when("visit", asked, 1) + 900_000_000, scene.lag(asked, "visit_lag", scene.lag_days[asked])
    journal.add(
        EventKind.HELP_ASKED,
        w,
        asked,
        at,
        known_after_days=lag,
        rep=scene.rep[asked],
        note=_note("display", len(asked)),
    )
    warm = 1 / (1 + np.exp(-2.0 * (state.closeness[asked] - 0.7) - state.satisfaction[asked]))
    yes = luck.uniform("grants", w)[asked] < warm
    ask = np.broadcast_to(event_number(w, EventKind.HELP_ASKED, 0), (len(asked),))
    journal.add(EventKind.HELP_RECEIVED, w, asked[yes], at[yes] + DAY_US, known_after_days=lag[yes], ref=ask[yes])
    raised = np.flatnonzero(scene.found.problem & scene.buying)
    at = scene.when("problem", raised)
    journal.add(EventKind.PROBLEM_RAISED, w, raised, at, known_after_days=0.5, note=_note("problem", len(raised)))
    journal.add(EventKind.INBOUND, w, raised, at - 60_000_000, channel=np.full(len(raised), 1))


def _trust(journal: Journal, scene: Scene) -> None:
    w, state, found = scene.week.number, scene.before, scene.found
    raised = np.flatnonzero(found.complaint & scene.buying)
    lag = scene.lag(raised, "complaint_lag", 0.4 * scene.lag_days[raised])
    journal.add(EventKind.COMPLAINT, w, raised, scene.when("complaint", raised), known_after_days=lag)
    solved = np.flatnonzero(found.resolved & scene.books)
    journal.add(
        EventKind.COMPLAINT_RESOLVED,
        w,
        solved,
        scene.when("resolution", solved),
        known_after_days=0.5,
        ref=event_number(state.complaint[solved], EventKind.COMPLAINT, 0),
    )
    made = np.flatnonzero(found.promise_made & scene.books)
    at = scene.when("visit", made, 1) + 1_200_000_000
    lag = scene.lag(made, "visit_lag", scene.lag_days[made])
    due = at + 35 * DAY_US
    journal.add(EventKind.PROMISE_MADE, w, made, at, known_after_days=lag, due_at=due, rep=scene.rep[made])
    kept = np.flatnonzero(found.promise_kept & scene.books)
    journal.add(
        EventKind.PROMISE_KEPT,
        w,
        kept,
        scene.when("keeping", kept),
        known_after_days=0.5,
        ref=event_number(state.promise[kept], EventKind.PROMISE_MADE, 0),
    )


def _failures(journal: Journal, scene: Scene) -> None:
    for kind in (EventKind.DELIVERY_LATE, EventKind.SHORT_SUPPLY, EventKind.INVOICE_ERROR):
        who = np.flatnonzero(scene.found.failures[kind.code] & scene.buying)
        journal.add(kind, scene.week.number, who, scene.when(kind.code, who), known_after_days=0.3)


def _market(journal: Journal, scene: Scene) -> None:
    """What a rep sees in the shop is recorded only where somebody was there."""
    w, state, luck = scene.week.number, scene.before, scene.luck
    there = scene.books & actions.IN_PERSON[scene.acts.done]
    for kind, seen, chance in (
        (EventKind.COMPETITOR_SEEN, state.courted != NONE, 0.6),
        (EventKind.SLOW_MOVING, state.slow, 0.4),
    ):
        who = np.flatnonzero(there & seen & luck.happens(chance, kind.code + "_noted", w))
        lag = scene.lag(who, "visit_lag", scene.lag_days[who])
        at = scene.when("visit", who, 1) + 300_000_000
        journal.add(kind, w, who, at, known_after_days=lag, rep=scene.rep[who])
    for kind, flags in ((EventKind.PRICE_CHANGE, scene.week.price_rise), (EventKind.PROMOTION, scene.week.promotion)):
        who = np.flatnonzero(scene.books & flags)
        journal.add(kind, w, who, instant_in(w, np.zeros(len(who)), np.full(len(who), 8.0)))


def _people(journal: Journal, scene: Scene) -> None:
    w = scene.week.number
    gone = np.flatnonzero(scene.found.contact_left & scene.books & (scene.before.contacts > 0))
    late = 20 * scene.luck.uniform("contact_left_lag", w)[gone]
    journal.add(EventKind.CONTACT_LEFT, w, gone, scene.when("contact_left", gone), known_after_days=late)
