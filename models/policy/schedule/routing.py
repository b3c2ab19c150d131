"""The shortest ways through a week's visits, by PyVRP."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from models.policy.schedule.distances import excess_minutes, km_between
from models.policy.schedule.week_schedule import OpenAction, WorkingDay

ITERATIONS = 60
"""Of the iterated local search: ways of a week of 40 stores are then at most 5 % longer than after 1,000."""

FORBIDDEN = 10_000_000
"""Metres, and seconds, of a way to a store on a day on which it is not visited."""


@dataclass(frozen=True)
class DayCapacity:
    """A day with the minutes of the rep for visits with coordinates."""

    day: WorkingDay
    minutes: float


@dataclass(frozen=True)
class RoutedVisit:
    """A visit with coordinates and the indices of the days on which it may be."""

    action: OpenAction
    days: frozenset[int]


@dataclass(frozen=True)
class _Window:
    """The seconds of the day between which a visit (its index) may begin on some days."""

    visit: int
    first: int
    last: int
    days: frozenset[int]


def shortest_routes(
    visits: Sequence[RoutedVisit], days: Sequence[DayCapacity], km_per_hour: float
) -> list[list[int]] | None:
    """Return per day the indices of its visits in order, all ways together being short; None if none was found.

    A way begins and ends at any store. The same input gives the same ways.
    """
    # PyVRP takes a quarter of a second to import.
    from pyvrp import solve
    from pyvrp.stop import MaxIterations

    windows = [window for index in range(len(visits)) for window in _windows(index, visits[index], days)]
    data = _problem(visits, windows, days, km_per_hour)
    best = solve(data, stop=MaxIterations(ITERATIONS), seed=0, collect_stats=False, display=False).best
    if not best.is_feasible():
        return None
    result: list[list[int]] = [[] for _ in days]
    for route in best.routes():
        result[route.vehicle_type()] = [windows[step.idx].visit for step in route if step.is_client()]
    return result


def _windows(index: int, visit: RoutedVisit, days: Sequence[DayCapacity]) -> Iterator[_Window]:
    """The visit's windows, those that several days have in common once."""
    on: dict[tuple[int, int], set[int]] = {}
    for number in visit.days:
        for window in begin_windows(visit.action, days[number].day):
            on.setdefault(window, set()).add(number)
    for (first, last), numbers in sorted(on.items()):
        yield _Window(index, 60 * first, 60 * last, frozenset(numbers))


def begin_windows(action: OpenAction, day: WorkingDay) -> Iterator[tuple[int, int]]:
    """Yield the earliest and the latest minute at which the action begins on a day, for each of its windows."""
    if action.minute is not None:
        yield action.minute, action.minute
        return
    last = int(day.closes - action.duration)
    for first, latest in action.windows[day.day.weekday()]:
        if max(first, day.opens) <= min(latest, last):
            yield first, min(latest, last)


def _problem(
    visits: Sequence[RoutedVisit], windows: Sequence[_Window], days: Sequence[DayCapacity], km_per_hour: float
) -> Any:
    """The problem of PyVRP: a vehicle for each day, a client for each window, of which one of each visit is used."""
    from pyvrp import ClientGroup, Depot, Location, ProblemData, VehicleType

    groups: list[ClientGroup] = []
    clients = [_client(number, window, visits, windows, groups) for number, window in enumerate(windows)]
    metres, seconds = _ways([visits[window.visit].action for window in windows], km_per_hour)
    return ProblemData(
        locations=[Location(0, 0)] * (len(windows) + 1),
        clients=clients,
        depots=[Depot(location=0)],
        vehicle_types=[
            VehicleType(1, capacity=[int(day.minutes)], tw_early=60 * day.day.opens, profile=number)
            for number, day in enumerate(days)
        ],
        distance_matrices=[_forbid(metres, windows, number) for number in range(len(days))],
        duration_matrices=[_forbid(seconds, windows, number) for number in range(len(days))],
        groups=groups,
    )


def _client(
    number: int, window: _Window, visits: Sequence[RoutedVisit], windows: Sequence[_Window], groups: list[Any]
) -> Any:
    from pyvrp import Client, ClientGroup

    action = visits[window.visit].action
    same = [index for index, other in enumerate(windows) if other.visit == window.visit]
    if len(same) > 1 and same[0] == number:
        groups.append(ClientGroup(same, required=True))
    return Client(
        location=number + 1,
        delivery=[int(action.minutes)],
        service_duration=round(60 * max(action.minutes, action.duration)),
        tw_early=window.first,
        tw_late=window.last,
        required=len(same) == 1,
        group=len(groups) - 1 if len(same) > 1 else None,
    )


def _ways(actions: Sequence[OpenAction], km_per_hour: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Metres and seconds between the visits behind the depot, whose ways are 0."""
    metres, seconds = (np.zeros((len(actions) + 1, len(actions) + 1), dtype=np.int64) for _ in range(2))
    for i, first in enumerate(actions):
        for j, second in enumerate(actions):
            if i != j and first.coordinates is not None and second.coordinates is not None:
                metres[i + 1, j + 1] = round(1000 * km_between(first.coordinates, second.coordinates))
                seconds[i + 1, j + 1] = round(60 * excess_minutes(first, second, km_per_hour))
    return metres, seconds


def _forbid(ways: NDArray[np.int64], windows: Sequence[_Window], day: int) -> Any:
    """The ways of a day: those to visits that are not on it are too long."""
    result = ways.copy()
    for number, window in enumerate(windows, start=1):
        if day not in window.days:
            result[:, number] = FORBIDDEN
    np.fill_diagonal(result, 0)
    return result
