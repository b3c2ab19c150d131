"""`kqml webhooks replay`: messages that were given up, sent again."""

from typing import Annotated

import typer

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, now, open_settings_database, print_result


def run(
    message: Annotated[str | None, typer.Option(help="Only this message, by its id; else all.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Only those of this webhook.")] = None,
    as_json: Json = False,
) -> None:
    """Sends messages again that were given up; a running service delivers them. Their ids stay the same.

    Example: kqml webhooks replay --webhook wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.security.audit import AuditEvent, record_event
    from serve.webhooks.records import replay

    settings, at = read_settings(), now()
    with open_settings_database(settings) as database, database.writing() as connection:
        count = replay(connection, at, webhook, message)
        result = {"messages": count, "message": message, "webhook": webhook}
        record_event(connection, actor(), [AuditEvent("webhook.replay", details=result)], at)
    print_result({"replayed": count}, as_json, text("security.dead.replayed", settings.language, n=count))
