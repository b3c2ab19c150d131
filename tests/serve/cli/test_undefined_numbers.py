"""Numbers that could not be computed are None in results: no sentence is made from them."""

import pytest

from serve.cli.layout import Words
from serve.cli.layouts.evaluation import grade_sentences
from serve.cli.layouts.training import leakage_sentences

UNGRADED = {
    "grade": {
        "grade": "ungraded",
        "average_precision": None,
        "rule_average_precision": None,
        "gain": None,
        "gain_low": None,
        "gain_high": None,
        "rule": "days_since_order",
        "churned_accounts": 0,
    },
    "departures": {"departures": 0, "flagged_within": 0},
}
UNCHECKED = {
    "flagged": False,
    "auc": None,
    "cost_of_all": None,
    "suspects": [],
    "unexplained": False,
    "explanation": "",
}


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
