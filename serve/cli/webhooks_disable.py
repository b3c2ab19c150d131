"""`kqml webhooks disable`: the end of a webhook."""

from typing import Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, now, open_settings_database, print_result


def run(
    webhook_id: Annotated[str, typer.Argument(help="As `kqml webhooks list` shows it.")], as_json: Json = False
) -> None:
    """Ends a webhook; messages that wait for it are given up.

    Example: kqml webhooks disable wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.security.audit import AuditEvent, record_event
    from serve.webhooks.records import disable_webhook

    settings, at = read_settings(), now()
    with open_settings_database(settings) as database, database.writing() as connection:
        if not disable_webhook(connection, webhook_id, at):
            fault = Fault(webhook_id, "there is no such webhook, or it was disabled", "see `kqml webhooks list`")
            raise BadUse("Nothing was disabled.", [fault])
        record_event(connection, actor(), [AuditEvent("webhook.disable", "webhook", webhook_id)], at)
    message = text("security.webhooks.disabled", settings.language, webhook_id=webhook_id)
    print_result({"webhook_id": webhook_id}, as_json, message)
