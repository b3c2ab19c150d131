"""The truth: what integrating along paths says is what living many futures shows."""

import numpy as np
import pytest

from experiments.world.acting import WeekIntent
from experiments.world.actions import WorldAction
from experiments.world.population import SizeShape
from experiments.world.simulation import Simulation
from experiments.world.truth import assigned_truth, truth
from experiments.world.world import build_world
from kqml.errors import BadUse

HORIZON, FUTURES = 13, 120


@pytest.fixture(scope="module")
def lived() -> Simulation:
    world = build_world(SizeShape(accounts=150, reps=5, weeks=60), seed=11)
    simulation = Simulation(world, range(5))
    for _ in range(20):
        simulation.live()
    return simulation


def customers(simulation: Simulation) -> np.ndarray:
    return np.flatnonzero(simulation.books & ~simulation.state.gone)


def futures(lived: Simulation, who: np.ndarray, package: WorldAction) -> tuple[np.ndarray, np.ndarray]:
    """Margin and survival of each account in many futures lived with orders and departures as coins."""
    margins, stayed = [], []
    for path in range(FUTURES):
        simulation = lived.forked(path)
        margin = np.zeros(len(simulation.accounts))
        for ahead in range(HORIZON):

            def plan(own, first=ahead == 0):
                wanted = np.full(len(own), package, dtype=np.int8) if first else own
                return WeekIntent(wanted, wanted, np.zeros(len(own), dtype=bool), np.ones(len(own)))

            margin += simulation.live(plan).net * simulation.traits.margin_rate
        margins.append(margin[who])
        stayed.append((simulation.books & ~simulation.state.gone)[who])
    return np.array(margins), np.array(stayed, dtype=float)


def test_the_truth_is_the_mean_of_futures_lived_with_coins(lived):
    """Waiting for everybody this week takes no hours; later weeks rarely run out of them (README §5)."""
    who = customers(lived)
    found = truth(lived, who, paths=64)
    margins, stayed = futures(lived, who, WorldAction.WAIT)
    scale = np.exp(lived.traits.norm[who]) * lived.traits.margin_rate[who] * HORIZON
    wanted, got = (margins / scale).mean(axis=1), (found.value["margin"][:, 0] / scale).mean()
    assert abs(got - wanted.mean()) < 4 * wanted.std() / np.sqrt(FUTURES) + 0.003
    survived = stayed.mean(axis=1)
    assert abs(found.value["retention"][:, 0].mean() - survived.mean()) < 4 * survived.std() / np.sqrt(FUTURES) + 0.002


def test_waiting_changes_nothing_against_waiting(lived):
    found = truth(lived, customers(lived)[:20], paths=8)
    for name in ("margin", "retention", "ordered"):
        assert (found.effect[name][:, WorldAction.WAIT] == 0).all()
        assert (found.effect_error[name][:, WorldAction.WAIT] == 0).all()


def test_the_truth_of_an_account_does_not_depend_on_who_else_is_asked_about(lived):
    who = customers(lived)[:12]
    every, one = truth(lived, who, paths=8), truth(lived, who[5:6], paths=8)
    assert np.array_equal(every.value["margin"][5:6], one.value["margin"])


def test_asking_for_the_truth_moves_nothing(lived):
    before = {name: values.copy() for name, values in vars(lived.state).items()}
    truth(lived, customers(lived)[:10], paths=4)
    assert all(np.array_equal(values, before[name]) for name, values in vars(lived.state).items())


def test_errors_shrink_with_paths(lived):
    who = customers(lived)[:40]
    few, many = (truth(lived, who, paths=paths).effect_error["margin"][:, 3].mean() for paths in (8, 128))
    assert many < 0.5 * few


@pytest.mark.parametrize("kappa", ["behaviour", "playbook", "wait"])
def test_a_visit_to_a_neglected_account_pays_under_every_later_policy(lived, kappa):
    who = customers(lived)
    neglected = who[(lived.state.closeness[who] < 0.7) & (lived.state.load[who] < 0.5)]
    found = truth(lived, neglected, kappa=kappa, paths=16)
    assert found.effect["margin"][:, WorldAction.VISIT].mean() > 0


def test_a_second_visit_brings_less_than_the_first(lived):
    found = truth(lived, customers(lived), paths=16).effect["margin"].mean(axis=0)
    assert found[WorldAction.TWO_VISITS] < 2 * found[WorldAction.VISIT]


def test_help_is_stronger_where_a_complaint_is_open(lived):
    who = customers(lived)
    scale = np.exp(lived.traits.norm[who]) * lived.traits.margin_rate[who]
    found = truth(lived, who, paths=16).effect["margin"][:, WorldAction.HELP_OFFER] / scale
    needy = (lived.state.complaint[who] >= 0) | lived.state.problem[who]
    assert found[needy].mean() > 1.5 * found[~needy].mean()


def test_asking_for_a_package_does_less_than_doing_it(lived):
    who = customers(lived)
    done, asked = truth(lived, who, paths=16), assigned_truth(lived, who, paths=16)
    for package in (WorldAction.VISIT, WorldAction.HELP_OFFER):
        assert 0 < asked.effect["margin"][:, package].mean() < done.effect["margin"][:, package].mean()


@pytest.mark.parametrize(("kappa", "paths"), [("nobody", 8), ("wait", 5), ("wait", 2)])
def test_a_truth_that_cannot_be_computed_is_refused(lived, kappa, paths):
    with pytest.raises(BadUse, match="κ"):
        truth(lived, customers(lived)[:2], kappa=kappa, paths=paths)
