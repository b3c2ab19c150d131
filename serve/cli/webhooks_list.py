"""`kqml webhooks list`: every webhook, how its messages fare."""

from kqml.settings import read_settings
from serve.cli.administration import Json, iso, open_settings_database, personal_data_cipher, print_table
from serve.cli.output import emit


def run(as_json: Json = False) -> None:
    """Lists the webhooks with how many messages wait, were delivered, were given up.

    Example: kqml webhooks list
    """
    from serve.webhooks.records import count_deliveries, list_webhooks

    settings = read_settings()
    with open_settings_database(settings) as database, database.reading() as connection:
        output = list_webhooks(connection, personal_data_cipher(settings))
        counts = count_deliveries(connection)
    webhooks = [
        {
            "webhook_id": webhook.webhook_id,
            "url": webhook.url,
            "kinds": list(webhook.kinds),
            "created_at": iso(webhook.created_at),
            "disabled_at": iso(webhook.disabled_at),
            **counts.get(webhook.webhook_id, {"waiting": 0, "delivered": 0, "dead": 0}),
        }
        for webhook in output
    ]
    result = {"webhooks": webhooks}
    emit(result, as_json, lambda console: print_table(console, settings.language, "security.webhooks", webhooks))
