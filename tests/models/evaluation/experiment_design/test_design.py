"""The planned power against experiments lived on drawn data."""

import numpy as np
import pytest
from scipy.stats import t as student

from kqml.errors import BadUse, Refused
from models.evaluation.experiment_design.design import Population, plan_design, power_of
from models.evaluation.experiment_design.measurements import intraclass, population_of

POPULATION = Population(accounts=600, reps=30, mean=100.0, sd=50.0, icc=0.15, correlation=0.6)


def lived(random, population, design, share, change):
    """Outcomes of one experiment with what was before: (z value of the contrast)."""
    reps, size = population.reps, population.accounts // population.reps
    rep = np.repeat(np.arange(reps), size)
    before = random.normal(0, population.sd, population.accounts)
    rest = population.sd * np.sqrt(1 - population.correlation**2)
    own = random.normal(0, rest * np.sqrt(1 - population.icc), population.accounts)
    shared = random.normal(0, rest * np.sqrt(population.icc), reps)[rep]
    units = population.accounts if design == "accounts" else reps
    held = np.zeros(units, dtype=bool)
    held[random.permutation(units)[: round(units * share)]] = True
    held = held if design == "accounts" else held[rep]
    outcome = population.correlation * before + own + shared + change * ~held
    return outcome - population.correlation * before, held, rep


def found(outcome, held, rep, design, alpha=0.05):
    """Whether the test of the design finds a difference."""
    if design == "accounts":
        size = np.bincount(rep)
        centre = outcome - (np.bincount(rep, weights=outcome) / size)[rep]
        treated = (~held).astype(float)
        treated -= (np.bincount(rep, weights=treated) / size)[rep]
        effect = (treated @ centre) / (treated @ treated)
        rest = centre - effect * treated
        degrees = len(outcome) - len(size) - 1
        error = np.sqrt((rest @ rest) / degrees / (treated @ treated))
    else:
        size = np.bincount(rep)
        means, side = np.bincount(rep, weights=outcome) / size, held[np.unique(rep, return_index=True)[1]]
        effect = means[~side].mean() - means[side].mean()
        pooled = ((means[side] - means[side].mean()) ** 2).sum() + ((means[~side] - means[~side].mean()) ** 2).sum()
        degrees = len(means) - 2
        error = np.sqrt(pooled / degrees * (1 / side.sum() + 1 / (~side).sum()))
    return abs(effect / error) > student.ppf(1 - alpha / 2, degrees)


@pytest.mark.parametrize(("design", "share"), [("accounts", 0.1), ("accounts", 0.5), ("reps", 0.2), ("reps", 0.5)])
def test_a_detectable_change_is_found_as_often_as_planned(design, share):
    planned = plan_design(POPULATION, design, share, 0.05, 0.8)
    random = np.random.default_rng(0)
    hits = {change: [] for change in (planned.detectable, 0.0, planned.detectable / 2)}
    for change, kept in hits.items():
        kept += [found(*lived(random, POPULATION, design, share, change), design) for _ in range(600)]
    assert np.mean(hits[planned.detectable]) == pytest.approx(0.8, abs=0.06)
    assert np.mean(hits[0.0]) == pytest.approx(0.05, abs=0.03)
    half = power_of(planned, planned.detectable / 2, 0.05)
    assert np.mean(hits[planned.detectable / 2]) == pytest.approx(half, abs=0.07)


def heavy_tailed(seed=3, reps=40, size=40):
    """Accounts of which a few are giants: their outcome before, after, their rep."""
    random = np.random.default_rng(seed)
    rep = np.repeat(np.arange(reps), size)
    usual = random.lognormal(8, 1.6, reps * size) * random.lognormal(0, 0.1, reps)[rep]
    before, after = (usual * random.lognormal(0, 0.5, reps * size) for _ in range(2))
    return before, after, rep


@pytest.mark.parametrize(("design", "share"), [("accounts", 0.1), ("accounts", 0.5), ("reps", 0.5)])
def test_the_plan_of_a_heavy_tailed_company_holds_in_the_test_with_its_cap(design, share):
    """Who is held out is drawn again and again; three standard errors of 600 draws are .03 and .05."""
    before, after, rep = heavy_tailed()
    population = population_of(before, after, rep)
    planned = plan_design(population, design, share, 0.05, 0.8)
    before, after = np.minimum(before, population.cap), np.minimum(after, population.cap)
    rest = after - population.correlation * after.std() / before.std() * before
    random = np.random.default_rng(1)
    hits = {0.0: [], planned.detectable: []}
    for change, kept in hits.items():
        for _ in range(600):
            units = len(after) if design == "accounts" else 40
            held = np.zeros(units, dtype=bool)
            held[random.permutation(units)[: planned.held_out]] = True
            held = held if design == "accounts" else held[rep]
            kept.append(found(rest + change * ~held, held, rep, design))
    assert np.mean(hits[0.0]) == pytest.approx(0.05, abs=0.03)
    assert np.mean(hits[planned.detectable]) == pytest.approx(0.8, abs=0.05)


def test_giants_do_not_decide_what_can_be_detected():
    before, after, rep = heavy_tailed()
    giant = after.copy()
    giant[0] *= 1_000
    plain, shaken = (
        plan_design(population_of(before, values, rep), "accounts", 0.1, 0.05, 0.8).share for values in (after, giant)
    )
    assert shaken == pytest.approx(plain, rel=0.05)


def test_power_at_the_detectable_change_is_the_one_asked_for():
    planned = plan_design(POPULATION, "accounts", 0.2, 0.05, 0.9)
    assert power_of(planned, planned.detectable, 0.05) == pytest.approx(0.9, abs=0.005)
    assert power_of(planned, 0.0, 0.05) == pytest.approx(0.05, abs=1e-6)


def test_whole_reps_cost_power_and_halves_are_best():
    accounts, reps = (plan_design(POPULATION, design, 0.5, 0.05, 0.8) for design in ("accounts", "reps"))
    assert reps.detectable > 1.5 * accounts.detectable
    assert plan_design(POPULATION, "accounts", 0.1, 0.05, 0.8).detectable > accounts.detectable
    assert (accounts.treated, accounts.held_out) == (300, 300)
    assert (reps.treated, reps.held_out) == (15, 15)


def test_a_population_is_measured_from_its_accounts():
    random = np.random.default_rng(0)
    rep = np.repeat(np.arange(200), 30)
    before = random.normal(100, 10, 6_000)
    shared = random.normal(0, 3, 200)[rep]
    after = 50 + 0.8 * before + shared + random.normal(0, 6, 6_000)
    found_ = population_of(before, after, rep)
    assert found_.mean == pytest.approx(130, abs=1)
    assert found_.sd == pytest.approx(np.sqrt(64 + 9 + 36), abs=0.4)
    assert found_.icc == pytest.approx(9 / 45, abs=0.04)
    assert found_.correlation == pytest.approx(8 / np.sqrt(109), abs=0.03)


def test_groups_that_are_not_alike_have_no_intraclass_correlation():
    random = np.random.default_rng(0)
    assert intraclass(random.normal(size=2_000), np.arange(2_000) % 100) < 0.02
    assert intraclass(np.repeat(random.normal(size=100), 20), np.repeat(np.arange(100), 20)) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("changes", "share", "told"),
    [
        ({"sd": 0.0}, 0.1, "sd: 0.0 is not valid"),
        ({"mean": 0.0}, 0.1, "mean: 0.0 is not valid"),
        ({"icc": 1.0}, 0.1, "icc: 1.0 is not valid"),
        ({"correlation": -1.0}, 0.1, "correlation: -1.0"),
        ({}, 1.0, "share: 1.0 is not between 0 and 1"),
        ({}, 0.001, "gives a holdout of 1 – choose a share"),
    ],
)
def test_experiments_that_cannot_be_are_refused(changes, share, told):
    with pytest.raises(BadUse, match=told):
        plan_design(Population(**{**vars(POPULATION), **changes}), "accounts", share, 0.05, 0.8)


def test_too_few_accounts_are_refused():
    with pytest.raises(Refused, match="10 accounts of 2 reps"):
        population_of(np.ones(10), np.ones(10), np.arange(10) % 2)
