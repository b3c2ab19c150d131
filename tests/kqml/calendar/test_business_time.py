"""Local days, quiet periods, the clock that stands still."""

from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kqml.calendar.business_time import (
    DAY_US,
    NO_QUIET_PERIODS,
    QuietPeriods,
    instant_of,
    local_days,
    local_midnight,
    moment_of,
    offsets_at,
)

HOUR_US = DAY_US // 24
ZONES = (
    "UTC",
    "Asia/Shanghai",
    "Asia/Kathmandu",
    "Europe/Berlin",
    "America/Chicago",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Africa/Casablanca",
    "Pacific/Apia",
)
instants = st.integers(instant_of(datetime(1985, 1, 1, tzinfo=UTC)), instant_of(datetime(2037, 1, 1, tzinfo=UTC)))
zones = st.sampled_from(ZONES)

small = st.integers(-60, 60).map(lambda hours: hours * HOUR_US)
quiet_periods = st.lists(
    st.tuples(small, st.integers(1, 30)).map(lambda pair: (pair[0], pair[0] + pair[1] * HOUR_US)), max_size=5
).map(QuietPeriods.of)


def days(*hours: float) -> np.ndarray:
    return np.array([round(hour * HOUR_US) for hour in hours], dtype=np.int64)


def test_an_instant_is_microseconds_since_the_epoch() -> None:
    assert instant_of(datetime(1970, 1, 2, tzinfo=UTC)) == 86_400_000_000
    assert instant_of(datetime(1970, 1, 1, 8, tzinfo=timezone(timedelta(hours=8)))) == 0
    assert moment_of(1, "Asia/Shanghai") == datetime(1970, 1, 1, 8, 0, 0, 1, tzinfo=ZoneInfo("Asia/Shanghai"))


def test_a_naive_moment_is_no_instant() -> None:
    with pytest.raises(ValueError, match="2024-01-01T00:00:00 has no time zone"):
        instant_of(datetime(2024, 1, 1))


@pytest.mark.parametrize(
    ("moment", "zone", "day"),
    [
        ("2024-02-09T15:59:59+00:00", "Asia/Shanghai", "2024-02-09"),
        ("2024-02-09T16:00:00+00:00", "Asia/Shanghai", "2024-02-10"),
        ("2024-03-31T22:30:00+00:00", "Europe/Berlin", "2024-04-01"),
        ("2024-01-31T22:30:00+00:00", "Europe/Berlin", "2024-01-31"),
        ("2018-11-04T02:59:59+00:00", "America/Sao_Paulo", "2018-11-03"),
        ("2018-11-04T03:00:00+00:00", "America/Sao_Paulo", "2018-11-04"),
        ("1969-12-31T23:59:59+00:00", "UTC", "1969-12-31"),
    ],
)
def test_a_day_is_that_of_the_local_calendar(moment: str, zone: str, day: str) -> None:
    found = local_days(np.array([instant_of(datetime.fromisoformat(moment))]), zone)

    assert np.datetime64(int(found[0]), "D") == np.datetime64(day)


def test_no_instants_have_no_offsets() -> None:
    assert offsets_at(np.zeros(0, dtype=np.int64), "Europe/Berlin").shape == (0,)


@given(st.lists(instants, min_size=1, max_size=20), zones)
@example(
    [instant_of(datetime(2024, 3, 31, 1, tzinfo=UTC)) - 1, instant_of(datetime(2024, 3, 31, 1, tzinfo=UTC))], ZONES[3]
)
def test_offsets_are_those_of_the_time_zone_database(moments: list[int], zone: str) -> None:
    expected = [moment_of(instant, zone).utcoffset() // timedelta(microseconds=1) for instant in moments]  # type: ignore[operator]

    assert offsets_at(np.array(moments, dtype=np.int64), zone).tolist() == expected


@given(st.dates(date(1990, 1, 1), date(2036, 12, 31)), zones)
def test_a_local_midnight_begins_its_day(day: date, zone: str) -> None:
    if zone == "Pacific/Apia" and day == date(2011, 12, 30):
        return  # Samoa skipped this day when it crossed the date line
    midnight = local_midnight(day, zone)

    around = local_days(np.array([midnight - 1, midnight]), zone)

    before, at = (np.datetime64(int(value), "D").item() for value in around)
    assert at == day
    assert before < day


def test_time_stands_still_on_quiet_days() -> None:
    quiet = QuietPeriods.of([(24 * HOUR_US, 48 * HOUR_US)])

    assert quiet.active(days(0, 24, 36, 48, 60)).tolist() == days(0, 24, 24, 24, 36).tolist()


@pytest.mark.parametrize(
    ("start", "length", "end"),
    [
        (0.0, 1.0, 24.0),  # a day that ends as the quiet begins is over then
        (0.0, 1.5, 60.0),
        (36.0, 0.0, 36.0),  # nothing has to pass: not earlier than asked
        (36.0, 0.5, 60.0),
        (48.0, 0.5, 60.0),
    ],
)
def test_days_after_an_instant_leave_out_the_quiet_ones(start: float, length: float, end: float) -> None:
    quiet = QuietPeriods.of([(24 * HOUR_US, 48 * HOUR_US)])

    assert quiet.after(days(start), length).tolist() == days(end).tolist()


def test_overlapping_and_touching_periods_become_one() -> None:
    quiet = QuietPeriods.of([(10, 20), (0, 5), (5, 12), (30, 40)])

    assert (quiet.starts.tolist(), quiet.ends.tolist()) == ([0, 30], [20, 40])


def test_a_period_ends_after_it_starts() -> None:
    with pytest.raises(ValueError, match="a quiet period ends at 3, not after its start 3"):
        QuietPeriods.of([(3, 3)])


def test_without_quiet_periods_all_time_is_active() -> None:
    assert NO_QUIET_PERIODS.active(days(1, 2)).tolist() == days(1, 2).tolist()
    assert NO_QUIET_PERIODS.after(days(1), 2.0).tolist() == days(49).tolist()


@given(quiet_periods, small, st.integers(0, 100))
def test_after_is_the_first_instant_by_which_the_active_time_has_passed(
    quiet: QuietPeriods, start: int, hours: int
) -> None:
    end = int(quiet.after(np.array([start]), hours / 24)[0])

    passed = quiet.active(np.array([start, end - 1, end]))

    assert end >= start
    assert passed[2] - passed[0] == hours * HOUR_US
    assert end == start or passed[1] - passed[0] < hours * HOUR_US


@given(quiet_periods, small, small)
def test_after_inverts_the_active_time_between_instants_outside_quiet_periods(
    quiet: QuietPeriods, a: int, b: int
) -> None:
    start, end = sorted((a, b))
    inside = any(low < end <= high for low, high in zip(quiet.starts, quiet.ends, strict=True))
    passed = int(np.diff(quiet.active(np.array([start, end])))[0])

    found = int(quiet.after(np.array([start]), passed / DAY_US)[0])

    assert found <= end
    assert inside or found == end


@given(quiet_periods, st.lists(small, min_size=2, max_size=10))
def test_active_time_never_runs_backwards_nor_faster_than_time(quiet: QuietPeriods, moments: list[int]) -> None:
    ordered = np.array(sorted(moments), dtype=np.int64)

    steps = np.diff(quiet.active(ordered))

    assert (steps >= 0).all()
    assert (steps <= np.diff(ordered)).all()
