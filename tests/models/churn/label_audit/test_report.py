"""The audit as a whole: what it refuses, what it advises, its JSON."""

import json
from pathlib import Path

import jsonschema_rs
import numpy as np
import pytest
from hand_made import at, made_context, made_log, orders

from features.churn_definition import ChurnDefinition
from kqml.errors import Refused
from kqml.messages import catalogue
from models.churn.label_audit.report import audit_json, audit_labels
from serve.usecases.plain_values import to_json

SCHEMA = Path(__file__).parents[4] / "docs" / "schemas" / "label-audit.json"
ASKED = ChurnDefinition(horizon=30, gap=7, min_orders=2, active_within=60)


def company(accounts=120, days=600, leave=0.5, seed=0):
    """Accounts that order every 7–14 days; some stop for good on a random day, some only pause for 50 days."""
    rng = np.random.default_rng(seed)
    histories = {}
    for number in range(accounts):
        times = np.cumsum(rng.uniform(7, 14, size=days // 10))
        end = rng.uniform(100, days)
        fate = rng.random()
        stops = (times > end) & ((times < end + 50) | (fate < leave / 2))
        histories[f"a{number:03}"] = orders(*times[~stops | (fate > leave)])
    return made_log({**histories, "last": [(days, "visit", 0)]})


def audit(log, cutoffs=range(100, 540, 20), definition=ASKED, **context):
    return audit_labels(log, made_context(log, **context), definition, at(list(cutoffs)))


@pytest.fixture(scope="module")
def found():
    return audit(company())


def test_the_parts_speak_of_the_same_rows(found):
    own = next(rate for rate in found.windows if (rate.gap, rate.horizon) == (7, 30))
    assert own.groups == found.groups
    assert found.eligible == found.groups.all.rows
    assert sum(rate.groups.all.churned for rate in found.by_cutoff) == found.groups.all.churned
    assert sum(month.rows for month in found.quiet.months) == found.quiet.rows == found.eligible
    assert sum(found.personal.histogram) == found.personal.rows


def test_pauses_are_advised_to_be_given_a_longer_horizon(found):
    assert "many_return" in {advice.code for advice in found.advice}
    told = next(advice for advice in found.advice if advice.code == "many_return")
    assert told.values["horizon"] == 30 and told.values["better"] == 60 and told.values["then"] <= 0.25


@pytest.mark.parametrize("language", ["zh", "en"])
def test_its_json_follows_the_schema(found, language):
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    validator.validate({**json.loads(to_json(audit_json(found, language))), "charts": None})


def test_refusals_follow_the_schema_too():
    validator = jsonschema_rs.validator_for(json.loads(SCHEMA.read_text()))
    validator.validate({"error": "no", "faults": [{"where": "a", "what": "b", "todo": "c"}]})
    assert not validator.is_valid({"error": "no"})


def codes(**changes):
    log = company()
    return {advice.code for advice in audit(log, **changes).advice}


def test_gap_zero_says_that_the_last_order_is_already_placed():
    assert "gap_zero" in codes(definition=ChurnDefinition(horizon=30, gap=0, min_orders=2))
    assert "gap_zero" not in codes()


@pytest.mark.parametrize("language", ["zh", "en"])
def test_accounts_that_stop_together_are_told_first(language):
    random = np.random.default_rng(1)
    ends = [300 if number % 3 == 0 else 600 for number in range(120)]
    times = [np.cumsum(random.uniform(5, 9, 120)) for _ in ends]
    histories = {f"a{n:03}": orders(*days[days < end]) for n, (days, end) in enumerate(zip(times, ends, strict=True))}
    found = audit(made_log({**histories, "last": [(600, "visit", 0)]}))
    (departure,) = found.mass_departures
    assert (departure.accounts, departure.of) == (40, 120)
    first = audit_json(found, language)["advice"][0]
    assert first["code"] == "mass_departure"
    assert all(part in first["text"] for part in ("40", "120", "33%", departure.first, departure.last))


def test_few_cutoffs_are_called_a_short_timeline():
    assert "short_timeline" in codes(cutoffs=range(100, 540, 60))
    assert "short_timeline" not in codes()


def test_under_a_hundred_departed_accounts_stay_ungraded():
    assert "few_departures" in codes()


def test_a_horizon_shorter_than_the_usual_rhythm_is_pointed_out():
    assert "slow_orderers" in codes(definition=ChurnDefinition(horizon=14, gap=7, min_orders=2, active_within=60))


@pytest.mark.parametrize(
    ("log", "cutoffs", "definition", "match"),
    [
        (company(5), range(100, 540, 20), ASKED, "distinct departures, at least 30 are needed"),
        (company(), [100, 120], ASKED, "2 cutoffs have mature labels, at least 3 are needed; the log spans"),
        (company(), [], ASKED, "0 cutoffs have mature labels"),
        (company(), range(100, 540, 20), ChurnDefinition(min_orders=999), "none of the 121 accounts is open with 999"),
        (made_log({f"a{n}": orders(10) for n in range(99)} | {"b": [(99, "visit", 0)]}), [20, 30, 40],
         ChurnDefinition(horizon=5, gap=0, min_orders=1), "0 rows of accounts that stay"),
    ],
)  # fmt: skip
def test_too_little_data_is_refused_with_what_is_missing(log, cutoffs, definition, match):
    with pytest.raises(Refused, match="too little data to learn churn") as raised:
        audit(log, cutoffs, definition)
    assert match in str(raised.value)


def test_everything_that_is_missing_is_said_at_once():
    with pytest.raises(Refused) as raised:
        audit(company(5), [100, 120])
    assert [fault.where for fault in raised.value.faults] == ["cutoffs", "departures", "rows that stay"]


def test_both_languages_hold_the_same_sentences():
    def keys(table, prefix=""):
        nested = [
            keys(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key}
            for key, value in table.items()
        ]
        return set().union(*nested)

    assert keys(catalogue("audit", "zh")) == keys(catalogue("audit", "en"))
