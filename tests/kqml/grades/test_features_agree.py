"""What the statement tells is what the model reads: the same balance, the same shares, from two programs."""

import numpy as np
import pytest
from grade_cases import PLAYBOOK, histories, known_of, log_of
from hand_made import made_context
from hypothesis import given, settings
from hypothesis import strategies as st
from small_company import shared_small_company

from features.catalog import catalog
from features.definitions import Aggregation, Atom
from features.engine import build_features
from features.plan import compile_plan
from features.rows import Rows
from features.rules import Ledger
from kqml.calendar.business_time import DAY_US
from kqml.grades.emotional_account import balances
from kqml.history.known_history import known_history


def is_balance(measure):
    if not isinstance(measure, Atom) or not isinstance(measure.stream.rule, Ledger):
        return False
    return measure.aggregation is Aggregation.BALANCE and measure.lag == 0


BALANCE = [feature for feature in catalog(PLAYBOOK) if is_balance(feature.measure)]


def read_by_the_model(log, context, cutoff):
    """The feature of every account."""
    rows = Rows.grid(log.account_count, np.array([cutoff]))
    return build_features(log, rows, compile_plan(BALANCE), context, threads=1)[:, 0]


def test_the_catalog_has_one_balance():
    assert len(BALANCE) == 1


@settings(max_examples=100, deadline=None)
@given(histories(), st.integers(1, 80))
def test_the_feature_is_the_balance_on_any_history(accounts, day):
    log = log_of(*accounts)
    feature = read_by_the_model(log, made_context(log), day * DAY_US)
    balance = balances(known_of(day, *accounts), PLAYBOOK)
    given_ = ~np.isnan(feature)
    assert feature[given_].tolist() == pytest.approx(balance[given_].tolist(), abs=1e-9)
    assert balance[~given_].tolist() == pytest.approx([0.0] * int((~given_).sum())), "missing where nothing is booked"


def test_the_feature_is_the_balance_of_a_company():
    company = shared_small_company()
    asked = company.asked(company.cutoff)
    feature = read_by_the_model(asked.log, asked.context, company.cutoff)
    known = known_history(asked.log, company.cutoff, company.dataset.info.first_known)
    balance = balances(known, PLAYBOOK)
    given_ = ~np.isnan(feature)
    assert given_.mean() > 0.5
    np.testing.assert_allclose(feature[given_], balance[given_], rtol=0, atol=1e-9)
