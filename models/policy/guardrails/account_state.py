"""The state of accounts that guardrails read: status, consent, recent contacts, rejections."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from kqml.calendar.business_time import local_midnight
from kqml.dataset.tables import TIERS
from kqml.duties.engine import duty_request
from kqml.duties.festivals import asks_for_gift
from kqml.duties.gifts import gift_room
from kqml.duties.inputs import DutyInputs
from kqml.duties.period import Period, day_number
from kqml.duties.reps import DutyRep
from kqml.duties.request import DutyRequest
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]


@dataclass(frozen=True)
class AccountState:
    """n accounts before a week, K actions, C channels.

    `tier`: text, empty where unknown. `active`: opened, not suspended, closed, transferred. `open_share`, `rep_share`:
    of the week's days without quiet ones, of those on which the rep in charge works. `week`, `month` (n × C): contacts
    already made in the week, in its calendar month. `rejected` (n × K): recommendations rejected lately. `gift_asked`:
    a festival of the week asks for a gift. `gift_room`: money that a gift to a person may still cost this year.
    """

    tier: NDArray[np.object_]
    active: Flags
    consent: Flags
    open_share: Floats
    rep_share: Floats
    week: Floats
    month: Floats
    rejected: Floats
    gift_asked: Flags
    gift_room: Floats


def account_states(book: DutyInputs, playbook: Playbook, week: Period, cutoff: int, rejected: Floats) -> AccountState:
    """Return the situation of the book's accounts before a week, by what was known before the cutoff."""
    request = duty_request(book, playbook, week, cutoff)
    day, eligibility = request.last_known_day, book.standing
    tier = eligibility.tier.at(day, cutoff)
    days = np.arange(day_number(week.first), day_number(week.last) + 1)
    month = local_midnight(week.first.replace(day=1), book.events.time_zone)
    return AccountState(
        tier=np.array([*TIERS, ""], dtype=object)[tier],
        active=request.is_open(max(day, day_number(week.first))),
        consent=eligibility.consent.at(day, cutoff) == 1,
        open_share=np.full(len(tier), 1.0 - _quiet_share(book, days)),
        rep_share=_rep_share(book, request.owner(day), days),
        week=_contacts(request, (request.start, cutoff)),
        month=_contacts(request, (month, cutoff)),
        rejected=rejected,
        gift_asked=asks_for_gift(request),
        gift_room=gift_room(request, week.first.year),
    )


def _quiet_share(book: DutyInputs, days: Indices) -> float:
    quiet = np.zeros(len(days), dtype=bool)
    for start, end in book.quiet.tolist():
        quiet |= (days >= start) & (days < end)
    return float(quiet.mean())


def _rep_share(book: DutyInputs, owner: Indices, days: Indices) -> Floats:
    """0 where nobody is in charge."""
    shares = np.array([*(_there(rep, days).mean() for rep in book.events.reps), 0.0])
    return np.asarray(shares[owner], dtype=np.float64)


def _there(rep: DutyRep, days: Indices) -> Flags:
    return np.asarray((days >= rep.employed[0]) & (days < rep.employed[1]) & ~rep.absent(days), dtype=bool)


def _contacts(request: DutyRequest, interval: tuple[int, int]) -> Floats:
    """Accounts × channels: contacts that happened in a half-open interval of instants; faked or short ones too."""
    result = np.zeros((request.accounts, len(CHANNELS)))
    for index, channel in enumerate(CHANNELS):
        events, _ = request.contacts.within(channel, interval)
        result[:, index] = request.known.total(events)
    return result
