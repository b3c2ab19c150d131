"""A world: the same for its seed, local in its luck, whole whatever blocks it is lived in."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from experiments.world.acting import own_plan
from experiments.world.actions import WorldAction
from experiments.world.almanac import WeekDates
from experiments.world.journal import Journal
from experiments.world.parameters import draw_effects, evidence, read_fitted
from experiments.world.population import TIER_SHARES, SizeShape
from experiments.world.simulation import Simulation
from experiments.world.world import build_world
from kqml.errors import BadUse
from kqml.events import EventKind

SHAPE = SizeShape(accounts=120, reps=4, weeks=40)
CHANGED = 12
DATES = WeekDates()


def entries_of(simulation):
    entries = simulation.journal.entries()
    columns = [entries.account, entries.number, entries.kind, entries.occurred_at, entries.known_at, entries.ref]
    return [*columns, *entries.numbers.values(), *entries.codes.values()]


def live_through(seed: int, weeks: int, change: tuple[int, WorldAction] | None = None) -> Simulation:
    """A small world lived; at week CHANGED one account's package may be another one."""
    simulation = Simulation(build_world(SHAPE, seed), range(SHAPE.reps), journal=Journal())
    for week in range(weeks):

        def plan(own, week=week):
            wanted = own.copy()
            if change is not None and week == CHANGED:
                wanted[change[0]] = change[1]
            return own_plan(wanted, simulation.priority())

        simulation.live(plan)
    return simulation


def test_the_same_seed_gives_the_same_bits():
    one, other = live_through(3, 20), live_through(3, 20)
    assert all(np.array_equal(a, b, equal_nan=True) for a, b in zip(entries_of(one), entries_of(other), strict=True))
    assert all(np.array_equal(a, b) for a, b in zip(vars(one.state).values(), vars(other.state).values(), strict=True))


def test_another_seed_gives_another_world():
    assert not np.array_equal(live_through(3, 5).state.satisfaction, live_through(4, 5).state.satisfaction)


@settings(max_examples=8, deadline=None)
@given(account=st.integers(0, SHAPE.accounts - 1), package=st.sampled_from(list(WorldAction)), seed=st.integers(0, 2))
def test_one_changed_action_alters_nothing_before_it_and_no_account_of_another_rep(account, package, seed):
    plain, changed = live_through(seed, 24), live_through(seed, 24, (account, package))
    left, right = plain.journal.entries(), changed.journal.entries()
    seat = plain.traits.seat[account]
    for one, other in ((left, right), (right, left)):
        mask = (one.occurred_at < DATES.cutoff(CHANGED)) | (plain.traits.seat[one.account] != seat)
        same = (other.occurred_at < DATES.cutoff(CHANGED)) | (plain.traits.seat[other.account] != seat)
        for name in ("account", "number", "kind", "occurred_at", "known_at", "ref"):
            assert np.array_equal(getattr(one, name)[mask], getattr(other, name)[same])
    elsewhere = np.flatnonzero(plain.traits.seat != seat)
    for name, values in vars(plain.state).items():
        assert np.array_equal(values[elsewhere], getattr(changed.state, name)[elsewhere]), name


@settings(max_examples=6, deadline=None)
@given(account=st.integers(0, SHAPE.accounts - 1), package=st.sampled_from([WorldAction.MESSAGE, WorldAction.WAIT]))
def test_accounts_of_the_same_rep_are_touched_only_through_hours(account, package):
    """ActionCodes that take no stops leave everybody else alone as long as hours are not short."""
    plain, changed = live_through(1, 20), live_through(1, 20, (account, package))
    others = np.arange(SHAPE.accounts) != account
    for name, values in vars(plain.state).items():
        assert np.array_equal(values[others], getattr(changed.state, name)[others]), name


def test_blocks_of_seats_live_as_the_whole_does():
    world = build_world(SHAPE, 3)
    whole, half = Simulation(world, range(4)), Simulation(world, range(2, 4))
    for _ in range(15):
        whole.live()
        half.live()
    inside = np.isin(whole.accounts, half.accounts)
    for name, values in vars(half.state).items():
        assert np.array_equal(values, getattr(whole.state, name)[inside]), name


def test_the_future_of_regions_and_seats_does_not_depend_on_how_long_is_lived():
    short, long = (build_world(SizeShape(120, 4, weeks), 3) for weeks in (20, 80))
    assert np.array_equal(short.regions.pressure, long.regions.pressure[:, : short.regions.pressure.shape[1]])
    left = [Simulation(world, range(4)).seats.left for world in (short, long)]
    assert np.array_equal(left[0], left[1][:, : left[0].shape[1]])


def test_tiers_have_their_shares():
    simulation = Simulation(build_world(SizeShape(4000, 80, 10), 0), range(80))
    shares = np.bincount(simulation.traits.tier, minlength=3) / 4000
    assert shares == pytest.approx(TIER_SHARES, abs=0.03)


def test_nobody_orders_after_having_left_or_before_opening():
    simulation = live_through(2, 40)
    entries = simulation.journal.entries()
    orders = entries.kind == EventKind.ORDER.number
    opens = np.array([DATES.cutoff(int(week)) for week in simulation.traits.opens])
    assert (entries.occurred_at[orders] >= opens[entries.account[orders]]).all()
    ended = np.flatnonzero(simulation.state.ended >= 0)
    for account in ended:
        last = entries.occurred_at[orders & (entries.account == account)]
        assert (last < DATES.cutoff(int(simulation.state.ended[account]) + 1)).all()


def test_spring_festival_stops_orders():
    simulation = live_through(0, 8)
    entries = simulation.journal.entries()
    orders = entries.occurred_at[entries.kind == EventKind.ORDER.number]
    per_week = [((orders >= DATES.cutoff(week)) & (orders < DATES.cutoff(week + 1))).sum() for week in range(8)]
    assert per_week[4] < 0.3 * np.mean(per_week[:3])


def test_references_point_to_events_that_exist():
    entries = live_through(1, 40).journal.entries()
    keys = set(zip(entries.account.tolist(), entries.number.tolist(), strict=True))
    referring = entries.ref >= 10 * 100 * 20
    pairs = zip(entries.account[referring].tolist(), entries.ref[referring].tolist(), strict=True)
    assert all(pair in keys for pair in pairs)
    assert len(keys) == len(entries)


def test_effects_are_drawn_within_their_stated_ranges():
    fitted = read_fitted("stores")
    middle = draw_effects(0, fitted, middle=True)
    drawn = [draw_effects(seed, fitted) for seed in range(20)]
    for name, value in vars(middle).items():
        values = [vars(one)[name] for one in drawn]
        assert min(values) <= value <= max(values)
    assert len({one.rep_loss for one in drawn}) == 20


def test_every_finding_names_its_source():
    assert all(finding["source"] and len(finding["band"]) == 2 for finding in evidence().values())


@pytest.mark.parametrize(
    ("shape", "match"),
    [
        (SizeShape(3, 5, 10), "accounts: 3 is below 5"),
        (SizeShape(10, 0, 10), "reps: 0"),
        (SizeShape(10, 1, 0), "weeks: 0"),
    ],
)
def test_an_impossible_world_is_refused(shape, match):
    with pytest.raises(BadUse, match=match):
        build_world(shape)
