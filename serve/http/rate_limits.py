"""Limits of requests per caller: a token bucket for each, in the memory of the worker."""

import math
from collections.abc import Callable
from time import monotonic

from serve.http.problems import Problem, ProblemError

REMEMBERED = 10_000
"""Callers whose buckets are kept; a full bucket is the same as none."""


class RateLimiter:
    """Lets each caller send so many requests a minute on average, and at most so many at once. `clock`: in seconds."""

    def __init__(self, requests_per_minute: int, clock: Callable[[], float] = monotonic) -> None:
        self._most = requests_per_minute
        self._clock = clock
        self._buckets: dict[str, tuple[float, float]] = {}

    def take(self, caller: str) -> None:
        """Count a request. Raises ProblemError (429) with the seconds to wait where the caller has none left."""
        now = self._clock()
        left, at = self._buckets.get(caller, (float(self._most), now))
        left = min(self._most, left + (now - at) * self._most / 60)
        if left < 1:
            seconds = math.ceil((1 - left) * 60 / self._most)
            detail = f"More than {self._most:,} requests a minute. Wait as long as Retry-After says."
            raise ProblemError(Problem.RATE_LIMITED, detail, headers={"retry-after": str(seconds)})
        if caller not in self._buckets and len(self._buckets) >= REMEMBERED:
            self._buckets.clear()
        self._buckets[caller] = left - 1, now
