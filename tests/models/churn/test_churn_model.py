"""The churn model: one row as in the batch, the same from its parts."""

import json
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from scipy.special import logit
from small_model import small_model, small_rows

from models.churn.churn_model import booster_text, model_from, model_json


def test_one_row_equals_the_batch_to_the_bit():
    model, rows = small_model(), small_rows()
    one = [np.ascontiguousarray(row) for row in rows]
    assert [model.probability_of_one(row) for row in one] == model.probability(rows).tolist()
    assert (np.array([model.contributions_of_one(row) for row in one]) == model.contributions(rows)).all()


def test_many_threads_get_their_own_answers():
    model, rows = small_model(), np.repeat(small_rows(), 20, axis=0)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda row: model.probability_of_one(np.ascontiguousarray(row)), rows))
    assert answers == model.probability(rows).tolist()


def test_contributions_add_up_to_the_log_odds():
    model, rows = small_model(), small_rows()
    assert model.contributions(rows).sum(axis=1) == pytest.approx(model.log_odds(rows))


def test_probabilities_are_the_calibrated_log_odds():
    model, rows = small_model(), small_rows()
    assert logit(model.probability(rows)) == pytest.approx(-0.1 + 0.9 * model.log_odds(rows))


def test_its_parts_make_it_again():
    model, rows = small_model(), small_rows()
    again = model_from(booster_text(model), json.loads(json.dumps(model_json(model))))
    assert (again.probability(rows) == model.probability(rows)).all()
    assert model_json(again) == model_json(model)
    assert again.columns == ("a", "b", "c", "segment")


def test_no_rows_give_no_answers():
    assert small_model().probability(np.zeros((0, 4))).tolist() == []
