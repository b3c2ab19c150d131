"""`kqml keys revoke`: the end of an API key."""

from typing import Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, now, open_settings_database, print_result


def run(
    key_id: Annotated[str, typer.Argument(help="The ten digits after `kqml_`, as `kqml keys list` shows them.")],
    as_json: Json = False,
) -> None:
    """Ends an API key; running services refuse it within two seconds.

    Example: kqml keys revoke 3f9c01ab7d
    """
    from serve.security.api_keys import revoke_key
    from serve.security.audit import AuditEvent, record_event

    settings, at = read_settings(), now()
    with open_settings_database(settings) as database, database.writing() as connection:
        if not revoke_key(connection, key_id, at):
            fault = Fault(key_id, "there is no such key, or it was revoked before", "see `kqml keys list`")
            raise BadUse("Nothing was revoked.", [fault])
        record_event(connection, actor(), [AuditEvent("key.revoke", "key", key_id)], at)
    message = text("security.keys.revoked", settings.language, key_id=key_id)
    print_result({"key_id": key_id}, as_json, message)
