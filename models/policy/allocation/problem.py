"""The allocation problem of one week: the value of each action for each account, the capacity of each rep."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from kqml.errors import BadUse, Fault
from kqml.playbook import Playbook
from kqml.playbook.codes import CHANNELS

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Indices = NDArray[np.int64]

RESOURCES = ("minutes", "stops", "money")
WAIT = 0
NOT_BOOKED = -1
SMALL = 1e-6
"""Capacities and floors are kept to this share of them; HiGHS's own tolerance."""


@dataclass(frozen=True)
class Actions:
    """The cost of K actions to a rep and the contacts that they bring; the first one, `wait`, has none of both.

    `cost`: K × RESOURCES. `contacts`: K × channels.
    """

    names: tuple[str, ...]
    cost: Floats
    contacts: Floats

    @classmethod
    def of(cls, playbook: Playbook) -> "Actions":
        rows = playbook.actions
        return cls(
            playbook.action_names,
            np.array([[row.minutes, row.stops, row.money] for row in rows], dtype=np.float64),
            np.array([[_number(row.contacts, channel) for channel in CHANNELS] for row in rows], dtype=np.float64),
        )


def _number(contacts: Mapping[Any, int], channel: str) -> int:
    return contacts.get(channel, 0)


@dataclass(frozen=True)
class AllocationProblem:
    """n accounts, K packages, R reps, T tiers, C channels, in arrays.

    `rep`, `tier`: each account's index among the R and the T. `net_value` (n × K): money, the action against `wait`,
    whose column is 0. `allowed` (n × K): by the guardrails. `fulfils` (n × K): actions that fulfil a required one; a
    row without any requires nothing. `booked` (n): the action that an explored account gets, else NOT_BOOKED. `due`
    (n × C): contacts that the cadence still requires; `shortfall_cost` (n × C): money lost by each one missing.
    `capacity` (R × RESOURCES). `floor` (R × T × C): least number of due contacts of a tier. `own_cost` (n × K ×
    RESOURCES): the cost of actions where accounts differ; None: `actions.cost` for all.
    """

    actions: Actions
    rep: Indices
    tier: Indices
    net_value: Floats
    allowed: Flags
    fulfils: Flags
    booked: Indices
    due: Floats
    shortfall_cost: Floats
    capacity: Floats
    floor: Floats
    own_cost: Floats | None = None

    def __len__(self) -> int:
        return len(self.rep)

    @property
    def cost(self) -> Floats:
        """n × K × RESOURCES: the cost of each action for each account."""
        if self.own_cost is not None:
            return self.own_cost
        return np.broadcast_to(self.actions.cost, (len(self), *self.actions.cost.shape))

    @property
    def useful(self) -> Floats:
        """n × K × C: due contacts of each action; contacts beyond the due ones avoid no shortfall."""
        return np.minimum(self.actions.contacts[None, :, :], self.due[:, None, :])

    @property
    def counted(self) -> Floats:
        """n × K × C: whole contacts of each action that count for a floor, at most the due ones rounded up."""
        return np.minimum(self.actions.contacts[None, :, :], np.ceil(self.due - SMALL)[:, None, :])

    @property
    def avoided(self) -> Floats:
        """n × K: shortfall cost that each action avoids."""
        return np.asarray((self.useful * self.shortfall_cost[:, None, :]).sum(axis=2), dtype=np.float64)

    @property
    def value(self) -> Floats:
        """n × K: net value plus avoided shortfall; what the allocation maximises."""
        return np.asarray(self.net_value + self.avoided, dtype=np.float64)

    @property
    def must(self) -> Flags:
        """n: accounts with a required action."""
        return np.asarray(self.fulfils.any(axis=1), dtype=bool)

    @property
    def must_blocked(self) -> Flags:
        """n: accounts whose required action no allowed action fulfils."""
        return np.asarray(self.must & ~(self.fulfils & self.allowed).any(axis=1), dtype=bool)

    @property
    def options(self) -> Flags:
        """n × K: the actions left to choose from after bookings."""
        required = self.must & ~self.must_blocked
        result = np.where(required[:, None], self.fulfils & self.allowed, self.allowed)
        explored = np.flatnonzero(self.booked != NOT_BOOKED)
        result[explored] = False
        result[explored, self.booked[explored]] = True
        return np.asarray(result, dtype=bool)


def check_problem(problem: AllocationProblem) -> None:
    """Raise BadUse with every fault of the arrays' shapes, else of their contents."""
    faults = list(_shape_faults(problem))
    if not faults:
        faults = [*_content_faults(problem)]
    if faults:
        raise BadUse("The allocation problem is not valid.", faults)


def _shape_faults(problem: AllocationProblem) -> Iterator[Fault]:
    n, k, c = len(problem.rep), len(problem.actions.names), problem.due.shape[-1]
    reps, tiers = len(problem.capacity), problem.floor.shape[1] if problem.floor.ndim == 3 else 0
    wanted = {
        "tier": (n,),
        "net_value": (n, k),
        "allowed": (n, k),
        "fulfils": (n, k),
        "booked": (n,),
        "due": (n, c),
        "shortfall_cost": (n, c),
        "capacity": (reps, len(RESOURCES)),
        "floor": (reps, tiers, c),
        "cost": (n, k, len(RESOURCES)),
    }
    for name, shape in wanted.items():
        result = getattr(problem, name).shape
        if result != shape:
            yield Fault(name, f"has the shape {result}", f"give {shape}")
    cost, contacts = problem.actions.cost.shape, problem.actions.contacts.shape
    if (cost, contacts) != ((k, len(RESOURCES)), (k, c)):
        yield Fault("actions", f"have the shapes {cost}, {contacts}", f"give {k} actions, {c} channels")


def _content_faults(problem: AllocationProblem) -> Iterator[Fault]:
    """Yield a fault for each rule that is broken, with the first account that breaks it."""
    rules = {
        "rep": (problem.rep < 0) | (problem.rep >= len(problem.capacity)),
        "tier": (problem.tier < 0) | (problem.tier >= problem.floor.shape[1]),
        "net_value": ~np.isfinite(problem.net_value).all(axis=1) | (problem.net_value[:, WAIT] != 0),
        "due": ~(problem.due >= 0).all(axis=1),
        "cost": ~(problem.cost >= 0).all(axis=(1, 2)) | (problem.cost[:, WAIT] != 0).any(axis=1),
        "shortfall_cost": ~(problem.shortfall_cost >= 0).all(axis=1),
        "allowed": ~problem.allowed[:, WAIT],
        "fulfils": problem.fulfils[:, WAIT],
        "booked": _faulty_bookings(problem),
    }
    todo = {
        "rep": "give an index of `capacity`",
        "tier": "give an index of `floor`",
        "net_value": "give finite numbers, and 0 for the first action",
        "due": "give numbers of at least 0",
        "cost": "give numbers of at least 0, and 0 for the first action",
        "shortfall_cost": "give numbers of at least 0",
        "allowed": "allow the first action",
        "fulfils": "set it to false for the first action",
        "booked": "book an allowed action, and none where an action is required",
    }
    for name, wrong in rules.items():
        if wrong.any():
            first = int(np.flatnonzero(wrong)[0])
            yield Fault(f"{name}[{first}]", f"{getattr(problem, name)[first].tolist()!r} is not valid", todo[name])
    for name in ("capacity", "floor"):
        if not (getattr(problem, name) >= 0).all():
            yield Fault(name, "has a negative or missing number", "give numbers of at least 0")


def _faulty_bookings(problem: AllocationProblem) -> Flags:
    known = (problem.booked >= NOT_BOOKED) & (problem.booked < len(problem.actions.names))
    action = np.where(known & (problem.booked != NOT_BOOKED), problem.booked, WAIT)
    allowed = np.take_along_axis(problem.allowed, action[:, None], axis=1)[:, 0]
    return np.asarray(~known | ~allowed | ((problem.booked != NOT_BOOKED) & problem.must), dtype=bool)
