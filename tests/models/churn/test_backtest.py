"""Back-tests of a made-up company: what is scored, what is known, what is told."""

import json
from dataclasses import replace

import numpy as np
import pytest
from made_company import make_company

from kqml.errors import BadUse
from models.churn.backtest import BacktestPlan, run_backtest
from models.churn.backtest_protocol import predictions_table, protocol_json
from models.churn.comparison import quarters
from models.churn.curves import calibration_bins
from models.churn.evaluation import evaluate
from models.churn.gaps import GapLabels, gap_rows, relabelled
from models.churn.grade import Grade
from models.churn.resampling import draw_resamples
from models.churn.scored_rows import MODELS, OURS, REFERENCE
from serve.usecases.plain_values import to_json


@pytest.fixture(scope="module")
def company(tmp_path_factory):
    return make_company(tmp_path_factory.mktemp("company"))


@pytest.fixture(scope="module")
def backtest(company):
    return run_backtest(company.training_set, company.log, company.context, BacktestPlan())


@pytest.fixture(scope="module")
def evaluation(company, backtest):
    return evaluate(backtest, company.training_set.definition, "Asia/Shanghai", draws=200)


def test_every_row_of_the_last_quarter_of_the_cutoffs_is_scored_by_every_model(company, backtest):
    cutoffs = company.training_set.cutoffs
    assert backtest.test.tolist() == cutoffs[-round(len(cutoffs) / 4) :].tolist()
    rows = company.training_set.labels.rows
    assert len(backtest.scored.labels) == int(np.isin(rows.cutoff, backtest.test).sum())
    assert tuple(backtest.scored.scores) == MODELS
    assert all(np.isfinite(score).all() for score in backtest.scored.scores.values())


def test_the_same_seed_gives_the_same_scores(company, backtest):
    again = run_backtest(company.training_set, company.log, company.context, BacktestPlan())
    assert all((again.scored.scores[name] == backtest.scored.scores[name]).all() for name in MODELS)


def test_what_happens_in_the_test_block_changes_no_score(company, backtest):
    labels = company.training_set.labels
    late = labels.matures_at > backtest.test[0]
    spoiled = replace(company.training_set, labels=replace(labels, churned=labels.churned ^ late))
    again = run_backtest(spoiled, company.log, company.context, BacktestPlan())
    assert again.rule == backtest.rule
    assert all((again.scored.scores[name] == backtest.scored.scores[name]).all() for name in MODELS)


def test_a_rolling_back_test_fits_anew_on_what_is_mature_then(company, backtest):
    rolling = run_backtest(company.training_set, company.log, company.context, BacktestPlan(cutoffs_per_fit=5))
    assert rolling.fits == -(-len(backtest.test) // 5)
    assert rolling.test.tolist() == backtest.test.tolist()
    first = np.isin(rolling.scored.labels.rows.cutoff, backtest.test[:5])
    same = rolling.scored.scores[OURS][first] == backtest.scored.scores[OURS][first]
    assert same.all() and not (rolling.scored.scores[OURS] == backtest.scored.scores[OURS]).all()


def test_a_rolling_step_below_one_is_bad_use():
    with pytest.raises(BadUse, match="--rolling"):
        BacktestPlan(cutoffs_per_fit=0)


def test_the_table_has_every_model_in_every_group(evaluation):
    shown = {(row["group"], row["model"]) for row in evaluation.models}
    assert shown == {(group, model) for group in ("all", "silent", "ordering") for model in MODELS}
    ours = evaluation.overall()
    assert ours["auc_low"] < ours["auc"] < ours["auc_high"]
    assert ours["d_auc"] == pytest.approx(ours["auc"] - evaluation.overall(REFERENCE)["auc"])
    assert {"d_auc_low", "d_ap_low", "brier", "expected_over_observed", "slope", "lift_at_10"} <= set(ours)


def test_the_groups_add_up_to_all(evaluation):
    sizes = {row["group"]: (row["rows"], row["churned"]) for row in evaluation.models if row["model"] == OURS}
    assert tuple(map(sum, zip(sizes["silent"], sizes["ordering"], strict=True))) == sizes["all"]


def test_slices_are_quarters_segments_regions(evaluation):
    assert {row["slice"] for row in evaluation.slices} >= {"quarter", "segment", "region"}
    quarters = [row for row in evaluation.slices if row["slice"] == "quarter"]
    assert all(row["eo_low"] <= row["expected_over_observed"] <= row["eo_high"] for row in quarters)


def test_few_departures_stay_ungraded(evaluation):
    assert evaluation.grading.churned_accounts < 100
    assert evaluation.grading.grade is Grade.UNGRADED


def test_an_evaluation_is_json(company, backtest, evaluation):
    told = json.loads(
        to_json({**evaluation.as_json(), **protocol_json(backtest, company.training_set.definition, "UTC")})
    )
    assert told["grade"]["grade"] == "ungraded"
    assert told["departures"]["share"] == evaluation.departures.share
    assert told["money"]["kqml"]["low"] <= told["money"]["kqml"]["share"] <= told["money"]["kqml"]["high"]


def test_censored_rows_are_left_out_counted_and_measured_as_churned(company, backtest):
    labels = backtest.scored.labels
    censored = np.arange(len(labels)) % 50 == 0
    scored = replace(backtest.scored, labels=replace(labels, censored=censored))
    told = evaluate(replace(backtest, scored=scored), company.training_set.definition, "UTC", draws=20)
    assert told.censored_rows == int(censored.sum())
    assert told.overall()["rows"] == int((~censored).sum())
    assert told.with_censored["rows"] == len(labels)
    assert told.with_censored["churned"] == int((labels.churned | censored).sum())


def test_predictions_hold_a_line_per_test_row(company, backtest):
    table = predictions_table(backtest, company.training_set.accounts)
    assert table.column_names == ["account_id", "cutoff", "churned", "churn_probability"]
    assert len(table) == int((~backtest.scored.labels.censored).sum())
    assert table.schema.field("cutoff").type.tz == "UTC"


def test_the_same_rows_under_another_gap_have_that_gaps_answers(company):
    histories = GapLabels(company.log, company.context, 0.0)
    own = company.training_set
    again = relabelled(own, histories, own.definition.gap)
    assert (again.values == own.values).all() or np.isnan(own.values).any()
    assert (again.labels.churned == own.labels.churned).all()
    wider = relabelled(own, histories, 30)
    assert wider.definition.gap == 30
    assert len(wider) < len(own)
    place = [
        np.flatnonzero((own.labels.rows.account == account) & (own.labels.rows.cutoff == cutoff))[0]
        for account, cutoff in zip(wider.labels.rows.account[:50], wider.labels.rows.cutoff[:50], strict=True)
    ]
    assert np.array_equal(wider.values[:50], own.values[place], equal_nan=True)


def test_every_gap_is_told_by_group(company, backtest):
    histories = GapLabels(company.log, company.context, 0.0)
    rows = gap_rows(company.training_set, histories, backtest, BacktestPlan(), (0, 30))
    assert [(row["gap"], row["group"]) for row in rows] == [
        (gap, group) for gap in (0, 30) for group in ("all", "silent", "ordering")
    ]
    assert all("brier" not in row for row in rows)


def test_quarters_are_local():
    instants = np.array([1704038399, 1704038400]) * 1_000_000
    assert quarters(instants, "UTC").tolist() == ["2023Q4", "2023Q4"]
    assert quarters(instants, "Asia/Shanghai").tolist() == ["2023Q4", "2024Q1"]


def test_bins_hold_like_shares_of_the_churn_expected():
    p = np.linspace(0.001, 0.5, 1000)
    bins = calibration_bins(p, np.random.default_rng(0).random(1000) < p, draw_resamples(np.arange(1000), 50, 0))
    assert len(bins) == 10 and sum(one.rows for one in bins) == 1000
    assert [one.rows * one.predicted for one in bins] == pytest.approx([p.sum() / 10] * 10, rel=0.03)
    assert all(one.low <= one.observed <= one.high for one in bins)
