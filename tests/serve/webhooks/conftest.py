"""A receiver on this machine, a cipher for the secrets of webhooks."""

import pytest
from webhook_receiver import *  # noqa: F403

from serve.security.encryption import make_secret_key, read_cipher


@pytest.fixture(scope="session")
def cipher():
    return read_cipher(make_secret_key())
