"""Standings of many accounts: chunks do not matter, nothing unknown matters, history is as it was then."""

from dataclasses import replace

import numpy as np
import pytest
from grade_cases import PLAYBOOK
from small_company import shared_small_company

from kqml.calendar.business_time import DAY_US
from kqml.grades import account_grades as standings_module
from kqml.grades.account_grades import grade_accounts
from kqml.grades.inputs import read_grade_inputs
from kqml.grades.periods import quarters, trailing


@pytest.fixture(scope="module")
def material():
    company = shared_small_company()
    return read_grade_inputs(company.dataset, PLAYBOOK, company.cutoff)


def same(one, other):
    """Whether two standings hold the same values."""
    assert one.columns.keys() == other.columns.keys()
    for name, column in one.columns.items():
        if column.dtype == object:
            assert column.tolist() == other.columns[name].tolist(), name
        else:
            np.testing.assert_array_equal(column, other.columns[name], err_msg=name)


def test_chunks_change_nothing(material, monkeypatch):
    periods = [trailing(material.now), *quarters(material.now, material.time_zone, 2)]
    whole = grade_accounts(material, periods)
    monkeypatch.setattr(standings_module, "CHUNK", 7)
    for one, other in zip(whole, grade_accounts(material, periods), strict=True):
        same(one, other)


def test_what_became_known_later_changes_no_earlier_standing(material):
    then = material.now - 200 * DAY_US
    log = material.log
    known = log.keep((log.known_at < then) & (log.occurred_at < then))
    periods = [trailing(then), *quarters(then, material.time_zone, 3)]
    for one, other in zip(
        grade_accounts(material, periods), grade_accounts(replace(material, log=known), periods), strict=True
    ):
        same(one, other)


def test_most_sales_are_of_class_a(material):
    columns = grade_accounts(material, [trailing(material.now)])[0].columns
    sales, abc = columns["sales"].astype(float), columns["abc"]
    shares = [sales[abc == name].sum() / sales.sum() for name in "ABC"]
    assert shares[0] >= 0.5
    assert shares[0] + shares[1] >= 0.8
    assert sales[abc == "A"].min() >= sales[abc == "B"].max()


def test_progress_is_told(material):
    done = []
    grade_accounts(material, [trailing(material.now)], done.append)
    assert sum(done) == material.log.account_count


def test_nobody_has_no_standing(material):
    empty = material.between(0, 0)
    assert grade_accounts(empty, [trailing(material.now)])[0].columns == {}


def test_an_account_of_which_nothing_was_known_yet_is_not_judged(material):
    then = material.now - 410 * DAY_US
    columns = grade_accounts(material, [trailing(then)])[0].columns
    log = material.log
    known = np.bincount(log.account[log.known_at < then], minlength=log.account_count) > 0
    assert 0 < known.sum() < len(known)
    assert [value is not None for value in columns["level"]] == known.tolist()
    assert set(columns["relationship_grade"][~known]) == {None}
    assert not np.isfinite(columns["complaints"][~known].astype(float)).any()
