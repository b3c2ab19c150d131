"""The app on both databases."""

import pytest


@pytest.fixture
def app_store(store):
    return store
