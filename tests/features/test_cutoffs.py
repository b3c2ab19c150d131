"""Cutoffs: read from text, made as grids, never past what the log can answer."""

from datetime import UTC, date, datetime

import pytest
from hand_made import in_days, made_context, made_log, orders

from features.churn_definition import ChurnDefinition
from features.cutoffs import cutoff_grid, default_cutoff, default_start, grid, last_day, parse_cutoff
from kqml.calendar.business_time import DAY_US, instant_of, local_midnight, moment_of
from kqml.errors import BadUse, Refused


def log_of(*events):
    return made_log({"a": list(events)})


def context(zone="UTC", quiet=()):
    return made_context(log_of(), zone, quiet)


@pytest.mark.parametrize(
    ("text", "zone", "expected"),
    [
        ("2024-02-10", "UTC", "2024-02-10T00:00+00:00"),
        ("2024-02-10", "Asia/Shanghai", "2024-02-09T16:00+00:00"),
        ("2024-02-10T09:30+08:00", "UTC", "2024-02-10T01:30+00:00"),
        ("2024-02-10T09:30:00Z", "Asia/Shanghai", "2024-02-10T09:30+00:00"),
    ],
)
def test_a_cutoff_is_a_local_midnight_or_an_instant_with_offset(text, zone, expected):
    assert parse_cutoff(text, zone) == instant_of(datetime.fromisoformat(expected))


@pytest.mark.parametrize(
    "text", ["yesterday", "2024-02-30", "2024-02-10T09:30", "10.2.2024", "", "20240210", "0001-01-01", "2100-01-01"]
)
def test_any_other_text_is_bad_use_that_shows_the_text(text):
    with pytest.raises(BadUse, match="The cutoff is not valid") as raised:
        parse_cutoff(text, "UTC")
    assert repr(text) in str(raised.value)


@pytest.mark.parametrize(
    ("known", "zone", "expected"),
    [
        ("2024-03-05T10:00+00:00", "UTC", date(2024, 3, 6)),
        ("2024-03-05T00:00+00:00", "UTC", date(2024, 3, 6)),
        ("2024-03-05T17:00+00:00", "Asia/Shanghai", date(2024, 3, 7)),
    ],
)
def test_the_default_cutoff_is_local_midnight_after_the_last_record(known, zone, expected):
    day = instant_of(datetime.fromisoformat(known)) / DAY_US
    assert default_cutoff(log_of((day - 2, "order", 2)), zone) == local_midnight(expected, zone)


@pytest.mark.parametrize(
    ("events", "expected"),
    [
        ([(10.5, "order", 0)], 10),
        ([(10.5, "order", 0), (9.2, "visit", 3)], 10),
        ([(10.5, "order", 0), (40, "payment_due", -28)], 12),
    ],
)
def test_the_last_day_is_that_of_the_latest_event_that_had_happened_when_recorded(events, expected):
    assert in_days([last_day(log_of(*events), "UTC")]) == [expected]


@pytest.mark.parametrize(("days", "expected"), [((0, 100), 25), ((0.5, 100.5), 26), ((0, 2000), 365), ((7, 7), 7)])
def test_the_default_start_leaves_a_year_or_a_quarter_of_the_log_behind_it(days, expected):
    assert in_days([default_start(log_of(*orders(*days)), "UTC")]) == [expected]


def test_a_grid_steps_by_days_from_its_start_up_to_its_end():
    assert in_days(grid(5 * DAY_US, 30, 65 * DAY_US, "UTC")) == [5, 35, 65]
    assert in_days(grid(5 * DAY_US, 30, 65 * DAY_US - 1, "UTC")) == [5, 35]
    assert in_days(grid(5 * DAY_US, 30, 4 * DAY_US, "UTC")) == []


def test_a_grid_stays_on_local_midnights_when_the_clocks_change():
    zone = "Europe/Berlin"
    start, until = local_midnight(date(2024, 3, 1), zone), local_midnight(date(2024, 5, 1), zone)
    found = [moment_of(instant, zone).isoformat() for instant in grid(start, 30, until, zone)]
    assert found == ["2024-03-01T00:00:00+01:00", "2024-03-31T00:00:00+01:00", "2024-04-30T00:00:00+02:00"]


def test_a_step_below_one_day_is_bad_use():
    with pytest.raises(BadUse, match="--every: 0"):
        grid(0, 0, DAY_US, "UTC")


@pytest.mark.parametrize(
    ("gap", "horizon", "last", "lag", "expected"),
    [
        (0, 30, 100, 0, [10, 40, 70]),
        (0, 30, 99.9, 0, [10, 40]),
        (10, 30, 110, 0, [10, 40, 70]),
        (10, 30, 109, 0, [10, 40]),
        (0, 30, 100, 1, [10, 40, 70]),
        (0, 30, 100, 2, [10, 40]),
        (0, 200, 100, 0, []),
    ],
)
def test_the_last_cutoff_can_be_answered_by_the_last_day(gap, horizon, last, lag, expected):
    definition = ChurnDefinition(horizon=horizon, gap=gap)
    cutoffs = cutoff_grid(log_of(*orders(1, last)), context(), definition, 30, 10 * DAY_US, label_lag_days=lag)
    assert in_days(cutoffs) == expected


def test_quiet_days_push_the_last_cutoff_back():
    cutoffs = cutoff_grid(
        log_of(*orders(1, 100)), context(quiet=[(80, 85)]), ChurnDefinition(horizon=30, gap=0), 30, 10 * DAY_US
    )
    assert in_days(cutoffs) == [10, 40]


def test_without_a_start_the_grid_begins_at_the_default_one():
    cutoffs = cutoff_grid(log_of(*orders(0, 400)), context(), ChurnDefinition(horizon=90, gap=0), 100)
    assert in_days(cutoffs) == [100, 200, 300]


def test_an_empty_log_is_refused():
    with pytest.raises(Refused, match="There are no events"):
        default_cutoff(log_of(*orders()), "UTC")
    with pytest.raises(Refused, match="There are no events"):
        last_day(log_of(*orders()), "UTC")
    with pytest.raises(Refused, match="There are no orders"):
        default_start(log_of((1, "visit", 0)), "UTC")


def test_midnights_of_utc_are_whole_days():
    assert parse_cutoff("1970-01-02", "UTC") == DAY_US == instant_of(datetime(1970, 1, 2, tzinfo=UTC))
