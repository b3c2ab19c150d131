"""`kqml keys list`: every API key."""

from kqml.settings import read_settings
from serve.cli.administration import Json, iso, open_settings_database, print_table
from serve.cli.output import emit


def run(as_json: Json = False) -> None:
    """Lists the API keys: what they may do, when they were used, until when they live; never their secrets.

    Example: kqml keys list
    """
    from serve.security.api_keys import list_keys

    settings = read_settings()
    with open_settings_database(settings) as database, database.reading() as connection:
        result = list_keys(connection)
    keys = [
        {
            "key_id": key.key_id,
            "name": key.name,
            "scopes": sorted(key.scopes),
            "rep_id": key.rep_id,
            "created_at": iso(key.created_at),
            "expires_at": iso(key.expires_at),
            "last_used_at": iso(key.last_used_at),
            "revoked_at": iso(key.revoked_at),
        }
        for key in result
    ]
    emit({"keys": keys}, as_json, lambda console: print_table(console, settings.language, "security.keys", keys))
