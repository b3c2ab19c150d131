"""One planned week of a small simulated company."""

from dataclasses import dataclass

import pytest
from small_company import SmallCompany, shared_small_company

from kqml.duties.period import week
from kqml.playbook import Playbook, read_playbook
from models.churn.bundle import load_bundle
from models.churn.scoring import Scorer, create_scorer
from models.policy.planning.plan_week import PlannedWeek, PlanRequest, plan_dataset

WEEK = "2023-W08"


@dataclass(frozen=True)
class Scene:
    company: SmallCompany
    scorer: Scorer
    playbook: Playbook
    planned: PlannedWeek


@pytest.fixture(scope="session")
def scene() -> Scene:
    company, playbook = shared_small_company(), read_playbook()
    scorer = create_scorer(load_bundle(company.bundles[0]))
    return Scene(company, scorer, playbook, plan_dataset(company.dataset, PlanRequest(playbook, week(WEEK), scorer)))
