"""What the days of people owe: birthdays, milestones, misfortunes."""

from collections.abc import Iterator, Mapping
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from kqml.calendar.business_time import local_days, local_midnight
from kqml.dataset.tables import TIERS
from kqml.duties.period import date_of, day_number
from kqml.duties.request import DutyRequest, tier_mask
from kqml.duties.table import DutyPart, duty_states
from kqml.events import EventKind
from kqml.playbook.codes import CHANNELS
from kqml.playbook.contact import PersonalDayRule


def birthday_parts(request: DutyRequest) -> Iterator[DutyPart]:
    """Birthdays of the people of open accounts whose days of asking touch the period."""
    rule = request.playbook.personal_days.birthday
    people = _people_still_there(request)
    if not len(people):
        return
    for year in range(date_of(request.day_of(request.start)).year - 1, date_of(request.day_of(request.end)).year + 2):
        days = {text: _birthday(text, year) for text in people["birthday"].unique()}
        yield from _personal(request, "birthday", rule, people.assign(day=people["birthday"].map(days), event_id=None))


def _people_still_there(request: DutyRequest) -> pd.DataFrame:
    """Contacts with a birthday who have not left."""
    people: pd.DataFrame = request.book.contacts.to_pandas()
    left = request.known.of_kinds([EventKind.CONTACT_LEFT])
    gone = {name for name in request.book.events.texts("contact_id", left) if name is not None}
    return people[~people["contact_id"].isin(gone)]


def _birthday(text: str, year: int) -> int:
    """The day of a birthday in a year; that of 29 February is the 28th where there is none."""
    month, day = (int(part) for part in text.split("-"))
    is_leap = (year % 4 == 0 and year % 100 != 0) or year % 400 == 0
    return day_number(date(year, month, 28 if (month, day) == (2, 29) and not is_leap else day))


def life_event_parts(request: DutyRequest) -> Iterator[DutyPart]:
    """Milestones and misfortunes, owed from the day on which they are known."""
    log, events = request.book.log, request.known.of_kinds([EventKind.LIFE_EVENT])
    notes = request.book.events.notes(events)
    frame = pd.DataFrame(
        {
            "account": log.account[events],
            "contact_id": request.book.events.texts("contact_id", events),
            "event_id": request.book.events.texts("event_id", events),
            "day": local_days(log.known_at[events], request.book.events.time_zone),
            "topic": [note.get("topic") for note in notes],
        }
    )
    rules: Mapping[str, PersonalDayRule] = {
        "milestone": request.playbook.personal_days.milestone,
        "misfortune": request.playbook.personal_days.misfortune,
    }
    for name, rule in rules.items():
        yield from _personal(request, name, rule, frame[frame["topic"] == name])


def _personal(request: DutyRequest, duty: str, rule: PersonalDayRule, people: pd.DataFrame) -> Iterator[DutyPart]:
    """`people`: account, contact_id, event_id, day; one duty for each person and channel that the rule asks."""
    zone = request.book.events.time_zone
    days = np.unique(people["day"].to_numpy(dtype=np.int64))
    starts = {int(day): local_midnight(date_of(day - rule.days_before), zone) for day in days}
    ends = {int(day): local_midnight(date_of(day + rule.days_after + 1), zone) for day in days}
    touching = [day for day in starts if starts[day] < request.end and ends[day] > request.start]
    for day in touching:
        chosen = people[people["day"] == day]
        account = chosen["account"].to_numpy(dtype=np.int64)
        tier, is_open = request.tier(day)[account], request.is_open(day)[account]
        for channel in CHANNELS:
            asking = is_open & tier_mask(tier, [name for name in TIERS if channel in rule.asks[name]])
            if asking.any():
                yield _person_part(request, duty, channel, day, chosen[asking], (starts[day], ends[day]))


def _person_part(
    request: DutyRequest, duty: str, channel: str, day: int, people: pd.DataFrame, window: tuple[int, int]
) -> DutyPart:
    account = people["account"].to_numpy(dtype=np.int64)
    forbidden = request.forbidden(day, channel)[account]
    counted = _counted_for(request, channel, people, window)
    target = np.where(forbidden, 0.0, 1.0)
    return DutyPart(
        account=account,
        rep=request.owner(day)[account],
        tier=request.tier(day)[account],
        columns={
            "duty": duty,
            "occasion": duty,
            "channel": channel,
            "target": target,
            "counted": counted,
            "prorated": target,
            "behind": np.zeros(len(account)),
            "due_from": np.full(len(account), window[0]),
            "due_by": np.full(len(account), window[1]),
            "state": duty_states(target, counted, window[1], request.cutoff),
            "must": request.must(window[1]) & (counted < target),
            "why": np.where(forbidden, "no_consent", duty).astype(object),
            "contact_id": people["contact_id"].to_numpy(dtype=object),
            "event_id": people["event_id"].to_numpy(dtype=object),
        },
    )


def _counted_for(
    request: DutyRequest, channel: str, people: pd.DataFrame, window: tuple[int, int]
) -> NDArray[np.float64]:
    """Contacts in the window with that person, or with somebody of the account that the record does not name."""
    events, worth = request.contacts.within(channel, window)
    account = request.book.log.account[events]
    among = np.isin(account, people["account"])
    met = pd.DataFrame(
        {
            "account": account[among],
            "met": request.book.events.texts("contact_id", events[among]),
            "worth": worth[among],
        }
    )
    pairs = people.assign(row=np.arange(len(people)))[["row", "account", "contact_id"]].merge(met, on="account")
    fits = pairs["met"].isna() | pairs["contact_id"].isna() | (pairs["met"] == pairs["contact_id"])
    return np.bincount(pairs["row"][fits], weights=pairs["worth"][fits], minlength=len(people)).astype(np.float64)
