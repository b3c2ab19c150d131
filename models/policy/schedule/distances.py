"""Distances between stores as the crow flies."""

from functools import lru_cache
from itertools import pairwise
from math import asin, cos, radians, sin, sqrt

from models.policy.schedule.week_schedule import Coordinates, OpenAction

EARTH_KM = 6371.0088
"""Mean radius of the earth (IUGG)."""


@lru_cache(100_000)
def km_between(first: Coordinates, second: Coordinates) -> float:
    """Return the great-circle distance by the haversine formula."""
    (north, east), (other_north, other_east) = (tuple(map(radians, point)) for point in (first, second))
    chord = sin((other_north - north) / 2) ** 2 + cos(north) * cos(other_north) * sin((other_east - east) / 2) ** 2
    return 2 * EARTH_KM * asin(min(1.0, sqrt(chord)))


def km_of(actions: list[OpenAction]) -> float | None:
    """Return the way through the visits with coordinates in their order; None for fewer than two."""
    points = [action.coordinates for action in actions if action.coordinates is not None]
    return sum(km_between(*pair) for pair in pairwise(points)) if len(points) > 1 else None


def excess_minutes(before: OpenAction | None, action: OpenAction, km_per_hour: float) -> float:
    """Return the minutes of the way from the visit before that the minutes of the action do not contain already."""
    if before is None or before.coordinates is None or action.coordinates is None:
        return 0.0
    way = km_between(before.coordinates, action.coordinates) / km_per_hour * 60
    return max(0.0, way - max(0.0, action.minutes - action.duration))
