"""`kqml keys rotate`: everything sealed, sealed anew with the newest secret key."""

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, answer, now, opened_store, sealer_of


def run(as_json: Json = False) -> None:
    """Seals anew, with the first of KQML_SECRET_KEYS, what was sealed with the others; these can then be taken out.

    Example: kqml keys rotate
    """
    from serve.security.audit import Deed, record
    from serve.security.contact_vault import reseal_keys
    from serve.webhooks.records import reseal_secrets

    settings = read_settings()
    sealer = sealer_of(settings)
    with opened_store(settings) as store, store.writing() as connection:
        resealed = {"contacts": reseal_keys(connection, sealer), "webhooks": reseal_secrets(connection, sealer)}
        record(connection, actor(), [Deed("secret_key.rotate", details=resealed)], now())
    said = text("security.keys.resealed", settings.language, **resealed)
    answer({"resealed": resealed}, as_json, said)
