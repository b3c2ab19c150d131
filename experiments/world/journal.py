"""The events of a block of accounts as they come, week by week, in columns."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from experiments.world.almanac import WeekDates
from experiments.world.draws import Floats, Indices
from kqml.calendar.business_time import DAY_US, Instants
from kqml.events import EventKind

NUMBERS = ("amount", "lines", "minutes", "sentiment", "authenticity")
CODES = ("rep", "contact", "channel", "note")
INSTANTS = ("due_at",)
CHANNELS = ("in_person", "phone", "message")
NOTES = (
    '{"topic":"complaint"}',
    '{"topic":"problem"}',
    '{"topic":"slow_moving"}',
    '{"topic":"competitor"}',
    '{"topic":"general"}',
    '{"topic":"display"}',
    '{"from":"A","to":"B"}',
    '{"from":"A","to":"C"}',
    '{"from":"B","to":"A"}',
    '{"from":"B","to":"C"}',
    '{"from":"C","to":"A"}',
    '{"from":"C","to":"B"}',
)
"""Attributes that events may carry, as JSON text; a code is an index here."""

PER_WEEK = 10
KIND_ROOM = 100


def event_number(week: int | Indices, kind: EventKind, number: int | Indices) -> Indices:
    """The number of an account's event: unique in the account, the same whatever else happens to it."""
    return np.asarray((np.asarray(week) * KIND_ROOM + kind.number) * PER_WEEK + number, dtype=np.int64)


@dataclass(frozen=True)
class Entries:
    """Events as columns of one length; NaN and −1 stand for nothing. `account`: the index in the block. `number`,
    `ref`: event numbers within the account. `known_at` may lie after the end of what is simulated."""

    account: Indices
    number: Indices
    kind: NDArray[np.uint8]
    occurred_at: Instants
    known_at: Instants
    ref: Indices
    numbers: Mapping[str, Floats]
    codes: Mapping[str, NDArray[np.int32]]
    due_at: Instants

    def __len__(self) -> int:
        return len(self.account)

    def take(self, index: NDArray[np.int64] | NDArray[np.bool_]) -> "Entries":
        plain = {name: value[index] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        numbers = {name: column[index] for name, column in self.numbers.items()}
        return Entries(**plain, numbers=numbers, codes={name: column[index] for name, column in self.codes.items()})


@dataclass
class Journal:
    """Collects entries; `add` may be called in any order. `origin`: the instant at which its world's week 0 begins."""

    origin: int = WeekDates().cutoff(0)
    parts: list[Entries] = field(default_factory=list)

    def add(self, kind: EventKind, week: int, account: Indices, occurred_at: Instants, **columns: Any) -> None:
        """Adds events of one kind, all of one week; `columns`: of NUMBERS, CODES; `known_after_days`, `due_at`, `ref`,
        `number` (which one of its kind in the week, 0 where absent)."""
        lag, number = columns.get("known_after_days", 0.0), columns.get("number", 0)
        ref, due_at = columns.get("ref"), columns.get("due_at")
        count = len(account)
        if not count:
            return
        lag = (np.broadcast_to(lag, (count,)) * 86_400).astype(np.int64) * (DAY_US // 86_400)
        self.parts.append(
            Entries(
                account=account,
                number=np.broadcast_to(event_number(week, kind, number), (count,)),
                kind=np.full(count, kind.number, dtype=np.uint8),
                occurred_at=occurred_at,
                known_at=occurred_at + lag,
                ref=np.full(count, -1, dtype=np.int64) if ref is None else ref,
                numbers={name: _number(columns.get(name), count) for name in NUMBERS},
                codes={name: _code(columns.get(name), count) for name in CODES},
                due_at=np.full(count, -1, dtype=np.int64) if due_at is None else due_at,
            )
        )

    def entries(self) -> Entries:
        """Everything so far in key order: account, time, number."""
        whole = joined(self.parts)
        return whole.take(np.argsort(order_key(whole, self.origin), kind="stable"))


def joined(parts: Sequence[Entries]) -> Entries:
    """The entries of all parts, in their order."""
    parts = parts or [_empty()]
    return Entries(
        **{
            name: np.concatenate([getattr(part, name) for part in parts])
            for name in ("account", "number", "kind", "occurred_at", "known_at", "ref", "due_at")
        },
        numbers={name: np.concatenate([part.numbers[name] for part in parts]) for name in NUMBERS},
        codes={name: np.concatenate([part.codes[name] for part in parts]) for name in CODES},
    )


def order_key(entries: Entries, origin: int) -> Indices:
    """One number that sorts by account, second since `origin`, event number: 18 + 27 + 18 bits."""
    second = (entries.occurred_at - origin) // 1_000_000
    return np.asarray(first_key(entries.account) + (second << 18) + entries.number, dtype=np.int64)


def first_key(account: Indices) -> Indices:
    """No event of the account has a lower key, none of an earlier account a higher one."""
    return np.asarray(account << 45, dtype=np.int64)


def account_of(key: Indices) -> Indices:
    return np.asarray(key >> 45, dtype=np.int64)


def number_of(key: Indices) -> Indices:
    """The event number in the key."""
    return np.asarray(key & ((1 << 18) - 1), dtype=np.int64)


def _number(column: NDArray[np.generic] | None, count: int) -> Floats:
    return np.full(count, np.nan) if column is None else np.asarray(column, dtype=np.float64)


def _code(column: NDArray[np.generic] | None, count: int) -> NDArray[np.int32]:
    return np.full(count, -1, dtype=np.int32) if column is None else np.asarray(column, dtype=np.int32)


def _empty() -> Entries:
    none = np.zeros(0, dtype=np.int64)
    return Entries(
        account=none,
        number=none,
        kind=none.astype(np.uint8),
        occurred_at=none,
        known_at=none,
        ref=none,
        numbers={name: np.zeros(0) for name in NUMBERS},
        codes={name: np.zeros(0, dtype=np.int32) for name in CODES},
        due_at=none,
    )
