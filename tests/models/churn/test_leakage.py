"""The leakage check: a planted leak is found, an honest feature is not accused."""

from dataclasses import replace

import pytest
from made_company import made_examples

from models.churn.boosting import Parameters
from models.churn.fitting import fit_churn
from models.churn.leakage import Leakage, LeakageSuspect, check_leakage
from models.churn.splits import split_cutoffs

ORDER_COLUMNS = ("order_since_last", "order_count_90d")


def checked(third, name, cutoffs=24):
    """The check on two order columns and a third one made from the answers."""
    examples = made_examples(rows=2500, cutoffs=cutoffs)
    values = examples.values.copy()
    values[:, 2] = third(examples.churned, values[:, 2])
    examples = replace(examples, values=values, columns=(*ORDER_COLUMNS, name))
    slices = split_cutoffs(*examples.cutoffs(), 0.2)
    fitted = fit_churn(examples, slices, Parameters(), seed=0)
    return check_leakage(examples, slices, fitted, Parameters(), seed=0)


def leak(churned, noise):
    return churned + 0.8 * noise


@pytest.mark.parametrize("cutoffs", [24, 8])
def test_a_planted_leak_is_found_and_named(cutoffs):
    cost, suspects = checked(leak, "status_now", cutoffs)
    assert [suspect.column for suspect in suspects] == ["status_now"]
    assert suspects[0].cost == pytest.approx(cost) and cost > 0.01


def test_an_honest_feature_is_not_accused():
    _, suspects = checked(lambda churned, noise: noise, "visit_count_90d")
    assert suspects == ()


def test_order_features_are_not_doubted_by_their_worth():
    assert checked(leak, "order_count_30d") == (0.0, ())


@pytest.mark.parametrize(
    ("auc", "suspects", "explanation", "flagged", "unexplained"),
    [
        (0.94, (), "", False, False),
        (0.951, (), "", True, True),
        (0.951, (), "stores close for good", True, False),
        (0.80, (LeakageSuspect("region", 0.02),), " ", True, True),
        (float("nan"), (), "", False, False),
    ],
)
def test_flags_ask_for_an_explanation(auc, suspects, explanation, flagged, unexplained):
    leakage = Leakage(auc, 0.0, suspects, explanation)
    assert (leakage.flagged, leakage.unexplained) == (flagged, unexplained)
