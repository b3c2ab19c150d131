"""Numbers that could not be computed: no sentence is made from them."""

import math

import pytest

from serve.cli.layout import Words
from serve.cli.layouts.evaluation import grade_sentences
from serve.cli.layouts.training import leakage_sentences

NAN = math.nan
UNGRADED = {
    "grade": {
        "grade": "ungraded",
        "average_precision": NAN,
        "rule_average_precision": NAN,
        "gain": NAN,
        "gain_low": NAN,
        "gain_high": NAN,
        "rule": "days_since_order",
        "churned_accounts": 0,
    },
    "departures": {"departures": 0, "flagged_within": 0},
}
UNCHECKED = {"flagged": False, "auc": NAN, "cost_of_all": NAN, "suspects": [], "unexplained": False, "explanation": ""}


@pytest.mark.parametrize(
    ("language", "grade", "leakage"),
    [
        ("en", "no account churned in the test block", "Leakage was not checked"),
        ("zh", "测试期内没有客户流失", "未检查泄漏"),
    ],
)
def test_without_churn_in_the_test_block_nothing_is_said_of_quality_or_leakage(language, grade, leakage):
    words = Words("evaluation", language)
    sentences = [*grade_sentences(UNGRADED, words), *leakage_sentences(UNCHECKED, words)]
    assert len(sentences) == 2
    assert grade in sentences[0]
    assert leakage in sentences[1]
    assert not any("nan" in sentence.lower() for sentence in sentences)
