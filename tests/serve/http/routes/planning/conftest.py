"""The app on a database with the small company and its model, on the Wednesday of a week that is not planned yet."""

from dataclasses import dataclass

import pytest

from kqml.calendar.business_time import DAY_US
from kqml.duties import week
from models.churn.bundle import load_bundle
from models.churn.scoring import create_scorer
from serve.database.dataset_import import load_dataset
from serve.database.tables import WEBHOOKS
from serve.usecases.scoring_model import BundleScoring
from serve.usecases.served_model import LiveModel

MONDAY = week("2023-W09").instants("Asia/Shanghai")[0]


class NoVault:
    """Contacts stay out of it."""

    def seal(self, connection, people):
        return people


@dataclass
class RealModel:
    """Publishes one real bundle."""

    published: object
    folder: object

    def load(self, pointer):
        scorer = create_scorer(load_bundle(self.folder))
        return LiveModel("1", "B", BundleScoring(scorer), {}, scorer)

    def __getattr__(self, name):
        return getattr(self.published, name)


@pytest.fixture
def published(published, company):
    return RealModel(published, company.bundles[0])


@pytest.fixture
def now():
    return [MONDAY + 2 * DAY_US]


@pytest.fixture
def clock(now):
    return lambda: now[0]


@pytest.fixture
def filled(client, database, company):
    """The app on a database with the small company, on the Wednesday after its last record."""
    load_dataset(database, company.dataset, MONDAY - 1, NoVault())
    hook = {
        "webhook_id": "w",
        "url": "https://x",
        "kinds": '["plan.created", "plan.changed"]',
        "secrets": "s",
        "created_at": 1,
    }
    with database.writing() as connection:
        connection.execute(WEBHOOKS.insert(), hook)
    return client
