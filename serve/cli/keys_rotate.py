"""`kqml keys rotate`: everything sealed, sealed anew with the newest secret key."""

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, now, open_settings_database, personal_data_cipher, print_result


def run(as_json: Json = False) -> None:
    """Seals anew, with the first of KQML_SECRET_KEYS, what was sealed with the others; these can then be taken out.

    Example: kqml keys rotate
    """
    from serve.security.audit import AuditEvent, record_event
    from serve.security.contact_vault import rotate_keys
    from serve.webhooks.records import rotate_secrets

    settings = read_settings()
    sealer = personal_data_cipher(settings)
    with open_settings_database(settings) as database, database.writing() as connection:
        resealed = {"contacts": rotate_keys(connection, sealer), "webhooks": rotate_secrets(connection, sealer)}
        record_event(connection, actor(), [AuditEvent("secret_key.rotate", details=resealed)], now())
    message = text("security.keys.resealed", settings.language, **resealed)
    print_result({"resealed": resealed}, as_json, message)
