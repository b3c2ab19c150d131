"""An app that knows its callers by the database, with a small company in it."""

from typing import Any

import pytest
from security_company import COOKIE, LIMITS, Clock, Company, fill

from serve.database.engine import Database
from serve.http.access import Access
from serve.http.credentials import DatabaseAccess


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def access(app_database: Database, clock: Clock) -> Access:
    return DatabaseAccess(app_database, clock, LIMITS, COOKIE)


@pytest.fixture
def company(running: Any, clock: Clock) -> Company:
    """In the place of the modelled company of the outer fixtures."""
    service = running.client.app.state.service
    fill(service.database, service.cipher)
    return Company(service.database, clock)
