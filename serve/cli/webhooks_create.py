"""`kqml webhooks create`: an address that is told of changes."""

from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, allowed_networks, now, open_settings_database, personal_data_cipher
from serve.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console


def run(
    url: Annotated[str, typer.Argument(help="Where to send messages by POST; https, unless it is this machine.")],
    kind: Annotated[list[str], typer.Option(help="What to tell of; repeat it for several (docs/webhooks.md).")],
    as_json: Json = False,
) -> None:
    """Makes a webhook and shows its signing secret once; the store keeps it sealed.

    Example: kqml webhooks create https://crm.example.com/kqml --kind account.band_crossed --kind plan.created
    """
    from serve.security.audit import AuditEvent, record_event
    from serve.webhooks.addresses import UnreachableTarget, check_target, resolve_name
    from serve.webhooks.message_types import MessageKind
    from serve.webhooks.records import NewWebhook, add_webhook

    settings, at, who = read_settings(), now(), actor()
    todo = f"give one of {', '.join(MessageKind)}"
    faults = [Fault("--kind", f"{word!r} is nothing to tell of", todo) for word in sorted(set(kind) - set(MessageKind))]
    try:
        check_target(url, allowed_networks(settings), resolve_name)
    except UnreachableTarget as error:
        faults.append(Fault("URL", str(error), "give an https address that others may call"))
    if faults:
        raise BadUse("The webhook cannot be made.", faults)
    request = NewWebhook(url, frozenset(map(MessageKind, kind)), who.name)
    with open_settings_database(settings) as database, database.writing() as connection:
        output = add_webhook(connection, personal_data_cipher(settings), request, at)
        record_event(
            connection, who, [AuditEvent("webhook.create", "webhook", output.webhook_id, {"kinds": output.kinds})], at
        )
    result = {"webhook_id": output.webhook_id, "url": url, "kinds": list(output.kinds), "secret": output.secrets[0]}

    def render(console: "Console") -> None:
        message = text("security.webhooks.created", settings.language, webhook_id=output.webhook_id)
        console.print(message, markup=False, soft_wrap=True)
        console.print(output.secrets[0], markup=False, highlight=False, soft_wrap=True)

    emit(result, as_json, render)
