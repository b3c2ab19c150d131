"""A rep's week by day in the API."""

from typing import Annotated, Literal

from typing_extensions import TypedDict

from kqml.contract.decisions import DecisionStatus
from kqml.contract.fields import Day, Moment, PlaybookVersion, PositiveInteger, SchemaKeyword, Share

ClockTime = Annotated[str, SchemaKeyword("pattern", "^([01][0-9]|2[0-3]):[0-5][0-9]$|^24:00$")]
"""A local time of day."""

LeftOutCode = Literal["no_day", "weekday_over", "rep_absent", "closed", "no_room", "later"]
"""Why an open action has no day: no working day is left for it, its weekdays are over, the rep is absent, the store is
closed, the minutes of its days are used, the rep scheduled it after the week."""

DayFlag = Literal["over_minutes", "off_weekday", "late"]
"""What was given up for a required or scheduled action: the day's minutes, the store's weekday, the due day."""


class DecidedAction(TypedDict):
    """A decision with its account."""

    decision_id: str
    account_id: str
    account_name: str | None
    tier: str | None
    action: str
    state: DecisionStatus


class OpenContact(DecidedAction):
    """One contact of an open decision. `part` of `parts`: several visits of one decision lie on several days. `due`:
    the last day of a required action, null where none is known."""

    must: bool
    due: Day | None
    part: PositiveInteger
    parts: PositiveInteger


class DayContact(OpenContact):
    """A contact on its day, from `start` to `end`. `minutes`: of the rep's day, with the way. `route`: of the store."""

    start: ClockTime
    end: ClockTime
    minutes: Share
    route: str | None
    flags: list[DayFlag]


class DoneContact(DecidedAction):
    """A decision that was done on a day."""

    at: Moment


class LeftOutContact(OpenContact):
    """A contact without a day, and why."""

    why: LeftOutCode


class RepDay(TypedDict):
    """A day. `minutes`: of the rep, 0 on days off; `used`: by what is done and what is open. `km`: of the way between
    the stores still open, as the crow flies; null without two stores whose coordinates are known."""

    date: Day
    working: bool
    absent: bool
    minutes: Share
    used: Share
    km: Share | None
    actions: list[DayContact]
    done: list[DoneContact]


class RepDays(TypedDict):
    """The seven days of a rep's week as of an instant: open actions from that day on, in the order in which they are
    done. `left_out`: open actions without a day. `objected`: as in the plan of the week."""

    rep_id: str
    week: str
    as_of: Moment
    playbook: PlaybookVersion
    days: list[RepDay]
    left_out: list[LeftOutContact]
    objected: int
