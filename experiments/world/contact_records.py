"""What the company records of contact: visits, calls, messages, help, complaints, promises, people."""

import numpy as np

from experiments.world import actions
from experiments.world.actions import WorldAction
from experiments.world.draws import Indices
from experiments.world.journal import NOTES, Journal, event_number
from experiments.world.scene import Scene
from experiments.world.state import NONE
from kqml.calendar.business_time import DAY_US
from kqml.events import EventKind


def write_contact(journal: Journal, scene: Scene) -> None:
    """Adds a week's events of contact, help, trust."""
    _contacts(journal, scene)
    _help(journal, scene)
    _trust(journal, scene)
    _people(journal, scene)


def _contacts(journal: Journal, scene: Scene) -> None:
    """Visits, calls, messages as recorded: the faked ones too, all of them late."""
    recorded, w, draws = np.where(scene.books, scene.acts.recorded, WorldAction.WAIT), scene.week.number, scene.draws
    for action, kind, channel in ((WorldAction.MESSAGE, EventKind.MESSAGE, 2), (WorldAction.CALL, EventKind.CALL, 1)):
        who = np.flatnonzero(recorded == action)
        minutes = np.round(3 + 9 * draws.uniform("minutes", w)[who] ** 2 * (1 + channel % 2))
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
    for index, visited in enumerate((actions.IN_PERSON[recorded], recorded == WorldAction.TWO_VISITS)):
        _visits(journal, scene, np.flatnonzero(visited), index)


def _by_whom(scene: Scene, who: Indices, channel: int) -> dict[str, Indices]:
    met = (
        scene.draws.take(who).uniform("who_met", scene.week.number) * np.maximum(scene.before.contacts[who], 1)
    ).astype(np.int64)
    return {"rep": scene.rep[who], "contact": met, "channel": np.full(len(who), channel)}


def _visits(journal: Journal, scene: Scene, who: Indices, index: int) -> None:
    w, draws, faked = scene.week.number, scene.draws.take(who), scene.acts.faked[who]
    felt = 0.5 * scene.before.satisfaction[who] + 0.35 * draws.normal("sentiment", w, index + 1)
    sentiment = np.where(faked, 0.3 + 0.1 * draws.normal("told_sentiment", w, index + 1), felt)
    real = draws.uniform("authenticity", w, index + 1)
    authenticity = np.where(faked, 0.05 + 0.5 * real, 1.0 - 0.4 * real**2)
    minutes = np.round(np.where(faked, 18.0, 15 + 40 * draws.uniform("visit_minutes", w, index + 1)))
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
    checked = ~faked & draws.happens(0.3, "verified", w, index + 1)
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


def _note(topic: str, count: int) -> Indices:
    return np.full(count, NOTES.index(f'{{"topic":"{topic}"}}'))


def _help(journal: Journal, scene: Scene) -> None:
    """What we do for them, what we ask of them, what they bring to us."""
    w, state, draws, done = scene.week.number, scene.before, scene.draws, scene.acts.done
    helped = np.flatnonzero(scene.books & (scene.acts.recorded == WorldAction.HELP_OFFER))
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
    request = np.flatnonzero(scene.books & actions.IN_PERSON[done] & draws.happens(0.1, "asks", w))
    at, lag = scene.when("visit", request, 1) + 900_000_000, scene.lag(request, "visit_lag", scene.lag_days[request])
    journal.add(
        EventKind.HELP_ASKED,
        w,
        request,
        at,
        known_after_days=lag,
        rep=scene.rep[request],
        note=_note("display", len(request)),
    )
    warm = 1 / (1 + np.exp(-2.0 * (state.closeness[request] - 0.7) - state.satisfaction[request]))
    yes = draws.uniform("grants", w)[request] < warm
    ask = np.broadcast_to(event_number(w, EventKind.HELP_ASKED, 0), (len(request),))
    journal.add(EventKind.HELP_RECEIVED, w, request[yes], at[yes] + DAY_US, known_after_days=lag[yes], ref=ask[yes])
    raised = np.flatnonzero(scene.outcomes.problem & scene.buying)
    at = scene.when("problem", raised)
    journal.add(EventKind.PROBLEM_RAISED, w, raised, at, known_after_days=0.5, note=_note("problem", len(raised)))
    journal.add(EventKind.INBOUND, w, raised, at - 60_000_000, channel=np.full(len(raised), 1))


def _trust(journal: Journal, scene: Scene) -> None:
    w, state, result = scene.week.number, scene.before, scene.outcomes
    raised = np.flatnonzero(result.complaint & scene.buying)
    lag = scene.lag(raised, "complaint_lag", 0.4 * scene.lag_days[raised])
    journal.add(EventKind.COMPLAINT, w, raised, scene.when("complaint", raised), known_after_days=lag)
    solved = np.flatnonzero(result.resolved & scene.books)
    journal.add(
        EventKind.COMPLAINT_RESOLVED,
        w,
        solved,
        scene.when("resolution", solved),
        known_after_days=0.5,
        ref=event_number(state.complaint[solved], EventKind.COMPLAINT, 0),
    )
    output = np.flatnonzero(result.promise_made & scene.books)
    at = scene.when("visit", output, 1) + 1_200_000_000
    lag = scene.lag(output, "visit_lag", scene.lag_days[output])
    due = at + 35 * DAY_US
    journal.add(EventKind.PROMISE_MADE, w, output, at, known_after_days=lag, due_at=due, rep=scene.rep[output])
    retained = np.flatnonzero(result.promise_kept & scene.books)
    journal.add(
        EventKind.PROMISE_KEPT,
        w,
        retained,
        scene.when("keeping", retained),
        known_after_days=0.5,
        ref=event_number(state.promise[retained], EventKind.PROMISE_MADE, 0),
    )


def _people(journal: Journal, scene: Scene) -> None:
    w = scene.week.number
    gone = np.flatnonzero(scene.outcomes.contact_left & scene.books & (scene.before.contacts > 0))
    late = 20 * scene.draws.uniform("contact_left_lag", w)[gone]
    journal.add(EventKind.CONTACT_LEFT, w, gone, scene.when("contact_left", gone), known_after_days=late)
