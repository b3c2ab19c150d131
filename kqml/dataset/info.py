"""What `dataset.json` says of a dataset."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from typing_extensions import TypedDict

from kqml.calendar.business_time import instant_of
from kqml.events import KIND_OF_CODE, EventKind

FORMAT_VERSION = 1


@dataclass(frozen=True)
class QuietPeriod:
    """Declared quiet days: `start` and `end` are ISO dates, the end not included."""

    start: str
    end: str
    name: str


@dataclass(frozen=True)
class ColumnUse:
    """What may be done with an account column at a past cutoff.

    `complete_since`: ISO date since which every change of it is an event, or None. `usable`: False refuses it for
    training. `why`: the reason, in words.
    """

    complete_since: str | None = None
    usable: bool = True
    why: str = ""


class RecordLag(TypedDict, total=False):
    """How many days after it happened an event of a kind is recorded: as assumed, or the measured 95th percentile."""

    days: float
    p95_days: float


@dataclass(frozen=True)
class DatasetInfo:
    """What `dataset.json` says. `kinds_recorded`: kind code → first `known_at` (ISO instant). `record_lags`: kind
    code → {"days": assumed or "p95_days": measured lag in days}. `columns`: account column → ColumnUse."""

    time_zone: str = "Asia/Shanghai"
    currency: str = "CNY"
    quiet_periods: tuple[QuietPeriod, ...] = ()
    columns: Mapping[str, ColumnUse] = field(default_factory=dict)
    kinds_recorded: Mapping[str, str] = field(default_factory=dict)
    record_lags: Mapping[str, RecordLag] = field(default_factory=dict)
    source: Mapping[str, Any] = field(default_factory=dict)
    fingerprint: str = ""
    format_version: int = FORMAT_VERSION

    @property
    def first_known(self) -> Mapping[EventKind, int]:
        """Kind → the first instant at which one was known."""
        recorded = self.kinds_recorded.items()
        return {KIND_OF_CODE[code]: instant_of(datetime.fromisoformat(text)) for code, text in recorded}

    @property
    def lag_days(self) -> Mapping[str, float]:
        """Kind code → days after which an event counts as known where nothing says when it was recorded."""
        return {kind: lag["days"] for kind, lag in self.record_lags.items() if lag.get("days")}

    def to_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, indent=2) + "\n"

    @classmethod
    def from_json(cls, text: str) -> "DatasetInfo":
        """Raises ValueError, KeyError or TypeError on anything that `to_json` does not write."""
        given = json.loads(text)
        if not isinstance(given, dict):
            raise ValueError(f"it holds {type(given).__name__}, not one JSON object")
        periods = tuple(_quiet_period(period) for period in given.pop("quiet_periods", ()))
        columns = {name: ColumnUse(**use) for name, use in given.pop("columns", {}).items()}
        info = cls(quiet_periods=periods, columns=columns, **given)
        ZoneInfo(info.time_zone)
        return info


def _quiet_period(given: Mapping[str, Any]) -> QuietPeriod:
    period = QuietPeriod(**given)
    if date.fromisoformat(period.end) <= date.fromisoformat(period.start):
        raise ValueError(f"the quiet period {period.name!r} ends on {period.end}, not after {period.start}")
    return period
