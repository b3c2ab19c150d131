"""Calendar quarters and years of the business time zone."""

from dataclasses import dataclass
from datetime import date, timedelta

from kqml.calendar.business_time import DAY_US, local_midnight, moment_of

TRAILING_DAYS = 365


@dataclass(frozen=True)
class GradePeriod:
    """`[start, end)` in instants, `end` cut at the instant asked about; `complete`: it was over by then.

    `name`: trailing, 2024 or 2024-Q1.
    """

    name: str
    start: int
    end: int
    complete: bool


def trailing(at: int) -> GradePeriod:
    """The 365 days before an instant."""
    return GradePeriod("trailing", at - TRAILING_DAYS * DAY_US, at, True)


def quarters(at: int, zone: str, count: int) -> tuple[GradePeriod, ...]:
    """The `count` latest calendar quarters that began before an instant, earliest first."""
    today = _day_before(at, zone)
    number = today.year * 4 + (today.month - 1) // 3
    return tuple(_quarter(number - back, at, zone) for back in reversed(range(count)))


def years(at: int, zone: str, count: int) -> tuple[GradePeriod, ...]:
    """The `count` latest calendar years that began before an instant, earliest first."""
    year = _day_before(at, zone).year
    spans = ((number, date(number, 1, 1), date(number + 1, 1, 1)) for number in range(year - count + 1, year + 1))
    return tuple(_period(str(number), start, end, at, zone) for number, start, end in spans)


def _quarter(number: int, at: int, zone: str) -> GradePeriod:
    year, quarter = divmod(number, 4)
    following = date(year + quarter // 3, (quarter + 1) % 4 * 3 + 1, 1)
    return _period(f"{year}-Q{quarter + 1}", date(year, quarter * 3 + 1, 1), following, at, zone)


def _period(name: str, start: date, end: date, at: int, zone: str) -> GradePeriod:
    ends = local_midnight(end, zone)
    return GradePeriod(name, local_midnight(start, zone), min(ends, at), ends <= at)


def _day_before(at: int, zone: str) -> date:
    """The last day that began before an instant: a cutoff at midnight belongs to the day before."""
    return (moment_of(at, zone) - timedelta(microseconds=1)).date()
