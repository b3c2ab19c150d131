from dataclasses import replace

import numpy as np
import orjson
import pytest
from small_company import SmallCompany

from features.catalog import catalog, catalog_fingerprint
from features.definitions import Code
from features.eligibility import eligibility_of
from kqml.calendar.business_time import DAY_US
from kqml.dataset.folder import DatasetInfo
from kqml.errors import CouldNot
from kqml.messages.coded import render
from kqml.playbook import read_playbook
from kqml.settings import BandSettings
from models.churn.bands import assign_bands
from models.churn.bundle import load_bundle, save_bundle
from models.churn.scoring import AccountScore, Scorer, as_json, as_record, create_scorer
from models.churn.scoring_request import ScoringRequest


@pytest.fixture(scope="module")
def scorer(company: SmallCompany) -> Scorer:
    return create_scorer(load_bundle(company.bundles[0]))


def texts(score: AccountScore, language: str = "en") -> list[str]:
    return [warning.text(language) for warning in score.warnings]


def one_account(asked: ScoringRequest, place: int) -> ScoringRequest:
    """The same question about one account alone."""
    profile = {name: [words[place]] for name, words in asked.profile.items()}
    between = (place, place + 1)
    return replace(asked, log=asked.log.between(*between), context=asked.context.between(*between), profile=profile)


def test_every_account_has_a_score_in_the_order_of_the_log(company: SmallCompany, scorer: Scorer) -> None:
    asked = company.asked(company.cutoff)
    scores = scorer.score(asked)
    assert [score.account_id for score in scores] == asked.log.accounts.tolist()
    eligible = {score.account_id for score in scores if score.eligible}
    definition = scorer.bundle.model.definition
    standing = eligibility_of(asked.log, asked.context, definition, np.array([asked.cutoff]))
    assert eligible == set(asked.log.accounts[standing.rows.account])
    assert 10 < len(eligible) < len(scores)


def test_who_is_not_asked_about_has_no_number_no_band_no_reasons_and_is_told_why(
    company: SmallCompany, scorer: Scorer
) -> None:
    scores = [score for score in scorer.score(company.asked(company.cutoff)) if not score.eligible]
    assert {(score.churn_probability, score.band, score.reasons) for score in scores} == {(None, None, ())}
    assert scores[0].warnings[-1].text("en") == (
        "not eligible for a score: needs 4 orders known before the cutoff, the last one within 90 days, "
        "and an active account"
    )


def test_one_account_alone_scores_as_in_the_batch_bit_for_bit(company: SmallCompany, scorer: Scorer) -> None:
    asked = replace(company.asked(company.cutoff), reference=scorer.bundle.peers)
    batch = scorer.score(asked)
    for place in range(0, len(batch), 9):
        assert scorer.score(one_account(asked, place)) == [batch[place]]


def test_parts_do_not_change_scores(company: SmallCompany, scorer: Scorer, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = company.asked(company.cutoff)
    whole = scorer.score(asked)
    monkeypatch.setattr("models.churn.scoring.CHUNK", 7)
    parts = list(scorer.stream(asked))
    assert len(parts) > 3
    assert [score for part in parts for score in part] == whole


def test_reasons_are_as_many_as_asked_for_and_the_rest_is_the_same(company: SmallCompany, scorer: Scorer) -> None:
    asked = company.asked(company.cutoff)
    for count in (0, 1, 5):
        scores = [score for score in scorer.score(asked, count) if score.eligible]
        assert max(len(score.reasons) for score in scores) == count
    plain, explained = scorer.score(asked, 0), scorer.score(asked, 3)
    assert [score.churn_probability for score in plain] == [score.churn_probability for score in explained]


def test_symptoms_and_causes_are_apart(company: SmallCompany, scorer: Scorer) -> None:
    for score in scorer.score(company.asked(company.cutoff)):
        assert all(not reason.code.is_cause for reason in score.symptoms)
        assert all(reason.code.is_cause for reason in score.causes)
        assert len(score.symptoms) + len(score.causes) == len(score.reasons)


def test_where_no_cause_is_known_it_is_said(company: SmallCompany, scorer: Scorer) -> None:
    said = "no known cause for the raised risk"
    for score in scorer.score(company.asked(company.cutoff)):
        causes = [reason for reason in score.causes if reason.direction == "rising"]
        assert (said in texts(score)) == (score.eligible and score.band != "low" and not causes)


def test_reasons_come_in_both_languages(company: SmallCompany, scorer: Scorer) -> None:
    asked = company.asked(company.cutoff)
    for score in scorer.score(asked):
        assert all(max(reason.text("zh")) >= "一" for reason in score.reasons)
        assert all(reason.text("en").isascii() or "¥" in reason.text("en") for reason in score.reasons)


def test_a_stored_score_is_read_in_either_language(company: SmallCompany, scorer: Scorer) -> None:
    for score in scorer.score(company.asked(company.cutoff)):
        stored = orjson.loads(orjson.dumps(as_record(score)))
        for language in ("zh", "en"):
            said = [reason.text(language) for reason in score.reasons]
            assert [render(reason["message"], language) for reason in stored["reasons"]] == said
            assert [render(warning, language) for warning in stored["warnings"]] == texts(score, language)


def test_the_shape_of_the_api(company: SmallCompany, scorer: Scorer) -> None:
    score = next(score for score in scorer.score(company.asked(company.cutoff)) if score.reasons)
    answer = as_json(score, "en")
    assert list(answer) == ["account_id", "churn_probability", "band", "eligible", "reasons", "warnings"]
    assert list(answer["reasons"][0]) == ["code", "direction", "contribution", "text"]
    assert answer["reasons"][0]["code"] in set(Code)


@pytest.mark.parametrize(
    ("probability", "silent", "band"),
    [
        (0.5, True, "stopped"),
        (0.499, True, "high"),
        (0.9, False, "high"),
        (0.375, False, "high"),
        (0.374, False, "raised"),
        (0.1875, False, "raised"),
        (0.1874, False, "low"),
        (0.0, True, "low"),
    ],
)
def test_bands_are_multiples_of_the_training_rate(probability: float, silent: bool, band: str) -> None:
    assert assign_bands(np.array([probability]), np.array([silent]), 0.125, BandSettings()) == [band]


def test_an_empty_log_has_no_scores(company: SmallCompany, scorer: Scorer) -> None:
    asked = company.asked(company.cutoff)
    nobody = replace(asked, log=asked.log.between(0, 0), context=asked.context.between(0, 0), profile={})
    assert scorer.score(nobody) == []


def test_accounts_without_events_are_scored_as_not_eligible(company: SmallCompany, scorer: Scorer) -> None:
    asked = company.asked(company.cutoff)
    silent = replace(asked, log=asked.log.keep(np.zeros(len(asked.log), dtype=bool)))
    assert {score.eligible for score in scorer.score(silent)} == {False}


def warned(scorer: Scorer, asked: ScoringRequest) -> set[str]:
    scores = scorer.score(asked, 0)
    return {warning for score in scores if score.eligible for warning in texts(score)}


def test_a_complete_history_at_its_end_gives_no_warning(company: SmallCompany, scorer: Scorer) -> None:
    assert warned(scorer, company.asked(company.cutoff)) == set()


def test_a_history_that_ends_long_before_the_cutoff_is_said_to_be_old(company: SmallCompany, scorer: Scorer) -> None:
    later = company.asked(company.cutoff + 45 * DAY_US)
    assert warned(scorer, later) == {"the history ends 45 days before the cutoff"}


def test_a_kind_that_was_never_recorded_here_is_named(company: SmallCompany, scorer: Scorer) -> None:
    asked = company.asked(company.cutoff)
    since = asked.context.recorded_since.copy()
    since[asked.log.kind[asked.log.kind != 0].min()] = np.iinfo(np.int64).max
    unrecorded = replace(asked, context=replace(asked.context, recorded_since=since))
    assert warned(scorer, unrecorded) == {"used in training but never recorded in this history: return"}


def test_a_kind_that_the_model_never_saw_is_named(company: SmallCompany, scorer: Scorer) -> None:
    info = DatasetInfo(**{**vars(scorer.bundle.dataset), "kinds_recorded": {"order": "2022-01-01T00:00:00+00:00"}})
    blind = create_scorer(replace(scorer.bundle, dataset=info))
    (said,) = warned(blind, company.asked(company.cutoff))
    assert said.startswith("not recorded when the model was trained, so left out: return, ")


def test_a_word_that_the_model_never_saw_is_named_for_that_account_alone(company: SmallCompany, scorer: Scorer) -> None:
    asked = company.asked(company.cutoff)
    words = [*asked.profile["segment"][:-1], "market stall"]
    scores = scorer.score(replace(asked, profile={**asked.profile, "segment": words}), 0)
    assert "the model's training data contain no kind of account market stall" in texts(scores[-1])
    assert all(len(score.warnings) <= 1 for score in scores[:-1])


def test_a_cutoff_whose_outcome_the_model_has_seen_is_no_evidence(company: SmallCompany, scorer: Scorer) -> None:
    earlier = company.asked(company.cutoff - 60 * DAY_US)
    assert warned(scorer, earlier) == {
        "the model's training data include weeks after this cutoff: "
        "use the score to look back, not as evidence of model quality",
        "used in training but never recorded in this history: tier changed",
    }


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (40, "the peer comparison is 40 days old"),
        (-4_000, "no peer comparison exists for this cutoff"),
    ],
)
def test_the_age_of_the_comparison_is_said(company: SmallCompany, scorer: Scorer, days: int, said: str) -> None:
    asked = company.asked(company.cutoff)
    peers = scorer.bundle.peers
    moved = replace(peers, cutoffs=np.array([company.cutoff - days * DAY_US]), means=peers.means[-1:])
    assert said in warned(scorer, replace(asked, reference=moved))


def test_a_model_of_another_catalog_cannot_score(scorer: Scorer) -> None:
    model = scorer.bundle.model
    strange = replace(model, numeric_columns=("order_since_last", "moon_phase"))
    with pytest.raises(CouldNot, match="moon_phase: the catalog of this version has no such feature"):
        create_scorer(replace(scorer.bundle, model=strange))
    with pytest.raises(CouldNot, match="catalog fingerprint: the model's is 000000000000…, this version's is"):
        create_scorer(replace(scorer.bundle, model=replace(model, catalog_fingerprint="0" * 64)))


def test_a_model_counts_by_its_own_playbook_whichever_is_in_force(company, scorer, tmp_path):
    dealer = read_playbook("dealer")
    model = replace(scorer.bundle.model, catalog_fingerprint=catalog_fingerprint(catalog(dealer)))
    values = np.zeros((1, len(model.columns)))
    save_bundle(tmp_path / "dealer", model, scorer.bundle.dataset, values, scorer.bundle.peers, dealer)
    own = create_scorer(load_bundle(tmp_path / "dealer"))
    assert own.plan.features == catalog(dealer)
    assert scorer.plan.features == catalog() != catalog(dealer)


def test_a_bundle_that_names_another_playbook_than_its_features_is_refused(scorer):
    with pytest.raises(CouldNot, match="trained with another version of the catalog"):
        create_scorer(replace(scorer.bundle, playbook=read_playbook("dealer")))
