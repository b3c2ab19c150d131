"""Lost accounts of a period: its customers that fell silent or closed, and those that returned."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from features.churn_definition import ChurnDefinition
from features.context import NEVER, Context
from features.labels import ENDING
from features.rows import Rows
from kqml.calendar.business_time import Instants
from kqml.events import EventKind
from kqml.history.event_log import EventLog, Indices

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class LossPeriod:
    """The half-open period `[start, end)`, in microseconds."""

    start: int
    end: int


@dataclass(frozen=True)
class Customers:
    """The N customers of a period by account: accounts that at some time in it had at least `min_orders` orders, the
    last of them at most `horizon` active days earlier.

    `lost_at`: the time at which the account ceased to be a customer, NEVER if it did not or was transferred; the latest
    of several. `last_order`: the last order before that, else before the period's end. `closed`: it closed rather than
    fell silent. `transferred`: to a successor. `returned`: it ordered again after `lost_at`.
    """

    account: NDArray[np.int32]
    lost_at: Instants
    last_order: Instants
    closed: Mask
    transferred: Mask
    returned: Mask

    def __len__(self) -> int:
        return len(self.account)

    @property
    def lost(self) -> Mask:
        return np.asarray(self.lost_at != NEVER, dtype=np.bool_)

    def rows(self) -> Rows:
        """Return each customer just after its last order: what it was worth, when it was still one."""
        return Rows(self.account, self.last_order + 1)


def customers_in_period(log: EventLog, context: Context, definition: ChurnDefinition, period: LossPeriod) -> Customers:
    """Return the customers of a period that the data cover. Reads all the log holds, as a look back does."""
    orders, endings = log.of_kinds([EventKind.ORDER]), log.of_kinds(ENDING)
    account = np.repeat(np.arange(log.account_count), np.diff(orders.offsets))
    times, following = orders.occurred_at, _following(orders.occurred_at, account)
    ending, kind = _first_ending(endings, account, times)
    timeouts = context.quiet.after(times, definition.horizon)
    stops = np.minimum(timeouts, ending)
    counted = np.arange(len(times)) - orders.offsets[account] + 1 >= definition.min_orders
    inside = counted & (times < period.end) & (np.minimum(following, stops) >= period.start)
    left = inside & (following >= stops) & (stops < period.end)
    index = _last_place(account, inside, left, log.account_count)
    was_left, announced = left[index], ending[index] < timeouts[index]
    moved = was_left & announced & (kind[index] == EventKind.ACCOUNT_TRANSFERRED.number)
    gone = was_left & ~moved
    return Customers(
        account=account[index].astype(np.int32),
        lost_at=np.where(gone, stops[index], NEVER),
        last_order=times[index],
        closed=gone & announced,
        transferred=moved,
        returned=gone & (following[index] != NEVER),
    )


def _following(times: Instants, account: Indices) -> Instants:
    """Return the next order of the same account, NEVER after the last one."""
    following = np.full(len(times), NEVER)
    following[:-1] = np.where(account[:-1] == account[1:], times[1:], NEVER)
    return following


def _first_ending(endings: EventLog, account: Indices, times: Instants) -> tuple[Instants, NDArray[np.uint8]]:
    """Return when each account first closed or was transferred after each time, with the kind; NEVER where it did
    not."""
    index = endings.next_from(account, times)
    exists = index < endings.offsets[account + 1]
    at, kind = np.full(len(times), NEVER), np.zeros(len(times), dtype=np.uint8)
    at[exists], kind[exists] = endings.occurred_at[index[exists]], endings.kind[index[exists]]
    return at, kind


def _last_place(account: Indices, inside: Mask, left: Mask, accounts: int) -> Indices:
    """Return per customer the index of the order after which it was last lost, else of its last order in the period."""
    latest = np.full(accounts, -1)
    for chosen in (inside, left):
        indices = np.flatnonzero(chosen)
        latest[account[indices]] = indices
    return np.asarray(latest[latest >= 0], dtype=np.int64)
