"""The app on both databases."""

import pytest


@pytest.fixture
def app_database(database):
    return database
