"""What the commands of security share: the store, the keys that seal, who acts."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from time import time_ns
from typing import TYPE_CHECKING

from kqml.settings import Settings

if TYPE_CHECKING:
    from serve.security.audit import Actor
    from serve.security.sealing import Sealer
    from serve.security.starting import SecurityOptions
    from serve.store.engine import Store

_MINUTE = 60 * 1_000_000


def security_of(settings: Settings, open_: bool = False) -> "SecurityOptions":
    """What the settings, or the flag `--open`, say of who is let in."""
    from serve.security.sessions import SessionLimits
    from serve.security.starting import SecurityOptions

    said = settings.security
    limits = SessionLimits(idle=said.session_idle_minutes * _MINUTE, absolute=said.session_hours * 60 * _MINUTE)
    return SecurityOptions(open=open_ or said.open, tls=said.tls, limits=limits)


def sealer_of(settings: Settings) -> "Sealer":
    """The keys that seal personal data; without a setting those of the file, made where absent."""
    from serve.security.sealing import sealer_at

    secret = settings.secret_keys
    return sealer_at(None if secret is None else secret.get_secret_value(), settings.secret_file.absolute())


@contextmanager
def opened_store(settings: Settings) -> Iterator["Store"]:
    """The settings' store, brought up to this program."""
    from serve.store.preparing import open_prepared

    store = open_prepared(settings.store_address, settings.time_zone)
    try:
        yield store
    finally:
        store.close()


def actor() -> "Actor":
    """The user of this machine, as the audit log knows commands."""
    from serve.security.audit import Actor

    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = f"uid {os.getuid()}"
    return Actor(f"command:{name}")


def now() -> int:
    """The present instant."""
    return time_ns() // 1_000
