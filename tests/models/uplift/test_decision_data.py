"""Decision data: outcomes over the horizon, cuts before the first contact, nothing read before it is ripe."""

import numpy as np
import pandas as pd
import pytest

from experiments.world.logs import logged
from experiments.world.population import SizeShape
from experiments.world.world import build_world
from experiments.world.writing import write_world
from features.catalog import catalog
from features.cutoffs import default_cutoff
from kqml.calendar.business_time import DAY_US
from kqml.errors import BadUse, CouldNot, Refused
from kqml.events import EventKind
from kqml.playbook import read_playbook
from models.uplift.decision_data import SCHEMA
from models.uplift.decision_features import decision_features
from models.uplift.decision_log import DecisionLog, read_decision_log
from models.uplift.decision_rows import build_decision_data, pseudo_times
from models.uplift.log_check import check_log
from models.uplift.unlogged_decisions import unlogged_decisions

HORIZON = 35


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    """Two hundred stores, forty weeks; in the last ten a third of the account-weeks are drawn."""
    out = tmp_path_factory.mktemp("effects") / "world"
    world, plan = logged(build_world(SizeShape(200, 4, 40), 0), "reference", 0.33, 10)
    dataset, _ = write_world(world, out, log=plan)
    return dataset, read_decision_log(out)


@pytest.fixture(scope="module")
def data(company):
    return build_decision_data(*company, read_playbook(), horizon_days=HORIZON)


def test_the_margin_is_that_of_a_slow_count(company, data):
    dataset, _ = company
    events = pd.DataFrame(dataset.events(["account_id", "occurred_at", "kind", "amount"]).to_pandas())
    at = events["occurred_at"].astype("datetime64[us, UTC]").astype("int64")
    sign = events["kind"].map({"order": 1.0, "return": -1.0, "order_cancelled": -1.0}).fillna(0.0)
    segment = dataset.accounts()["segment"]
    ripe = np.flatnonzero(data.outcomes.mature)[::97]
    for row in ripe:
        name, start = data.account_ids[data.rows.account[row]], data.rows.cutoff[row]
        inside = (events["account_id"] == name) & (at >= start) & (at < start + HORIZON * DAY_US)
        rate = read_playbook().margin_rate[segment[name]]
        slow = float((events["amount"].fillna(0) * sign)[inside].sum() * rate)
        assert data.outcomes.margin[row] == pytest.approx(slow, rel=1e-9, abs=1e-6)
        assert data.outcomes.retained[row] == (inside & (events["kind"] == "order")).any()
    assert len(ripe) > 5


def test_immature_weeks_are_not_read_as_outcomes(company, data):
    dataset, log = company
    until = default_cutoff(dataset.event_log(), dataset.info.time_zone)
    mature = data.outcomes.mature
    assert 0 < mature.sum() < len(data)
    assert (data.rows.cutoff[mature] + HORIZON * DAY_US <= until).all()
    assert np.isnan(data.outcomes.margin[~mature]).all()
    assert np.isnan(data.outcomes.retained[~mature]).all()
    assert not set(data.learnable().week) & set(log.decisions["week"].unique()[-4:])
    with pytest.raises(Refused, match=f"outcome: is not mature in {(~mature).sum()} rows"):
        data.sample(np.zeros((len(data), 1)))
    assert data.table().column("margin").null_count == (~mature).sum()


def test_a_longer_horizon_ripens_later(company, data):
    later = build_decision_data(*company, read_playbook(), horizon_days=63)
    assert later.outcomes.mature.sum() < data.outcomes.mature.sum()


def test_drawn_rows_are_cut_at_the_decision_the_others_before_the_first_contact(company, data):
    dataset, _ = company
    monday = (data.rows.cutoff - pd.Timestamp("2022-01-03", tz="Asia/Shanghai").value // 1000) % (7 * DAY_US)
    assert (monday[data.randomised] == 0).all()
    log = dataset.event_log()
    contact = np.isin(log.kind, [kind.number for kind in (EventKind.VISIT, EventKind.CALL, EventKind.MESSAGE)])
    times = log.occurred_at[contact]
    acted = np.flatnonzero(~data.randomised & (data.action > 0))
    assert np.isin(data.rows.cutoff[acted], times).all()
    waited = monday[~data.randomised & (data.action == 0)]
    assert len(np.unique(waited)) > 20


def test_pseudo_times_are_drawn_from_the_times_of_contacts():
    monday = np.arange(6, dtype=np.int64) * 1000
    first = monday + np.array([5, 7, 1000, 5, 1000, 1000])
    contacted = first - monday < 1000
    found = pseudo_times(first, monday, contacted, seed=1)
    assert (found[contacted] == first[contacted]).all()
    assert set((found - monday)[~contacted]) <= {5, 7}


def test_recorded_packages_are_those_that_the_world_recorded(data):
    known = data.learnable()
    same = known.action == known.executed
    assert same[~known.randomised].all()
    assert 0.8 < same[known.randomised].mean() < 1.0


def test_history_without_a_log_has_the_same_packages(company, data):
    dataset, log = company
    mondays = np.unique(log.decisions["cutoff"].to_numpy())[:2]
    plain = build_decision_data(
        dataset, unlogged_decisions(dataset, read_playbook(), mondays), read_playbook(), horizon_days=HORIZON
    )
    assert not plain.randomised.any()
    assert len(plain) == 2 * dataset.event_log().account_count
    observed = {
        (account, week): action
        for account, week, action, drawn in zip(data.rows.account, data.week, data.action, data.randomised, strict=True)
        if not drawn
    }
    same = [observed.get(key) for key in zip(plain.rows.account, plain.week, strict=True)]
    pairs = [(one, other) for one, other in zip(plain.action, same, strict=True) if other is not None]
    assert len(pairs) > 150
    assert all(one == other for one, other in pairs)


def test_the_table_has_its_schema(data):
    table = data.table()
    assert table.schema.equals(SCHEMA)
    assert len(table) == len(data)


def test_features_are_those_known_at_each_rows_own_cutoff(company, data):
    chosen = [feature for feature in catalog() if feature.column in ("order_since_last", "visit_since_last")]
    few = data.where(np.arange(len(data)) % 7 == 0)
    values, columns = decision_features(company[0], few, chosen)
    assert columns[:2] == tuple(feature.column for feature in chosen)
    assert values.shape == (len(few), len(columns))
    log = company[0].event_log()
    row = int(np.flatnonzero(~few.randomised)[3])
    mine = slice(log.offsets[few.rows.account[row]], log.offsets[few.rows.account[row] + 1])
    orders = log.occurred_at[mine][log.kind[mine] == EventKind.ORDER.number]
    silence = (few.rows.cutoff[row] - orders[orders < few.rows.cutoff[row]].max()) / DAY_US
    assert values[row, columns.index("order_since_last")] == pytest.approx(silence)


def test_a_log_says_what_it_lacks(data):
    enough = check_log(data)
    assert enough.basis == "randomised"
    assert enough.mature == data.outcomes.mature.sum()
    immature = check_log(data.where(~data.outcomes.mature))
    assert immature.faults[0].where == "maturity"
    assert "has a mature outcome" in immature.faults[0].what


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"account_id": "nobody"}, "'nobody' is not an account of the dataset"),
        ({"assigned": "dance"}, "dance is not an action of the playbook"),
    ],
)
def test_a_strange_log_is_refused(company, change, says):
    dataset, log = company
    with pytest.raises(Refused, match=says):
        build_decision_data(dataset, DecisionLog(log.decisions.assign(**change), log.states), read_playbook())


def test_a_log_that_is_not_there_or_incomplete_is_said(tmp_path):
    with pytest.raises(BadUse, match=r"decisions\.parquet: the file does not exist"):
        read_decision_log(tmp_path)
    pd.DataFrame({"decision_id": ["1"]}).to_parquet(tmp_path / "decisions.parquet")
    with pytest.raises(CouldNot, match="the columns account_id, week"):
        read_decision_log(tmp_path)
