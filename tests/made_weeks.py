"""Weeks to allocate, drawn at random."""

from itertools import product

import numpy as np

from models.policy.allocation.problem import NOT_BOOKED, Actions, AllocationProblem

PACKAGES = Actions(
    names=("wait", "message", "call", "visit", "two_visits"),
    cost=np.array([[0, 0, 0], [5, 0, 1], [15, 0, 2], [55, 1, 15], [110, 2, 30]], dtype=float),
    contacts=np.array([[0, 0, 0], [0, 0, 1], [0, 1, 0], [1, 0, 0], [2, 0, 0]], dtype=float),
)


def made_week(
    seed: int,
    accounts: int = 6,
    reps: int = 1,
    room: float = 0.5,
    floors: float = 0.0,
    musts: float = 0.0,
    explored: float = 0.0,
) -> AllocationProblem:
    """`room`: share of a visit to everybody that the hours hold. `floors`: share of the due contacts that tiers must
    get. `musts`, `explored`: shares of the accounts."""
    random = np.random.default_rng(seed)
    shape = (accounts, len(PACKAGES.names))
    net = random.normal(10, 30, shape) * random.random((accounts, 1))
    net[:, 0] = 0
    allowed = random.random(shape) > 0.15
    allowed[:, 0] = True
    fulfils = np.zeros(shape, dtype=bool)
    fulfils[:, 3:] = (random.random(accounts) < musts)[:, None]
    explores = (random.random(accounts) < explored) & ~fulfils.any(axis=1)
    drawn = np.where(allowed, random.random(shape), -1).argmax(axis=1)
    rep, tier = random.integers(0, reps, accounts), random.integers(0, 3, accounts)
    due = random.integers(0, 6, (accounts, 3)) / 2
    owed = np.zeros((reps, 3, 3))
    np.add.at(owed, (rep, tier), due)
    size = np.bincount(rep, minlength=reps)[:, None]
    return AllocationProblem(
        actions=PACKAGES,
        rep=rep,
        tier=tier,
        net_value=net,
        allowed=allowed,
        fulfils=fulfils,
        booked=np.where(explores, drawn, NOT_BOOKED),
        due=due,
        shortfall_cost=random.random((accounts, 3)) * 10,
        capacity=np.round(size * room * np.array([55.0, 1.0, 15.0])),
        floor=np.floor(owed * floors),
    )


def all_plans(problem: AllocationProblem):
    """Every choice of an option for each account of a small problem."""
    options = problem.options
    return product(*(np.flatnonzero(row).tolist() for row in options)) if len(options) else iter(())
