"""`kqml webhooks renew`: another signing secret."""

from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, now, open_settings_database, personal_data_cipher
from serve.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console


def run(
    webhook_id: Annotated[str, typer.Argument(help="As `kqml webhooks list` shows it.")], as_json: Json = False
) -> None:
    """Makes a new signing secret, shown once. The one before it signs beside it until the next renewal.

    Example: kqml webhooks renew wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.security.audit import AuditEvent, record_event
    from serve.webhooks.records import find_webhook, renew_secret

    settings = read_settings()
    sealer = personal_data_cipher(settings)
    with open_settings_database(settings) as database, database.writing() as connection:
        result = find_webhook(connection, sealer, webhook_id)
        if result is None or result.disabled_at is not None:
            raise BadUse(
                "Nothing was renewed.", [Fault(webhook_id, "no such live webhook", "see `kqml webhooks list`")]
            )
        secret = renew_secret(connection, sealer, result)
        record_event(connection, actor(), [AuditEvent("webhook.renew", "webhook", webhook_id)], now())

    def render(console: "Console") -> None:
        message = text("security.webhooks.renewed", settings.language, webhook_id=webhook_id)
        console.print(message, markup=False, soft_wrap=True)
        console.print(secret, markup=False, highlight=False, soft_wrap=True)

    emit({"webhook_id": webhook_id, "secret": secret}, as_json, render)
