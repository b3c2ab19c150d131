"""`kqml webhooks …`: manage webhooks and their messages."""

from typing import TYPE_CHECKING, Annotated

import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Count, Moment, SchemaKeyword
from kqml.errors import BadUse, Fault
from kqml.messages import text
from serve.cli.administration import allowed_networks, change_database, iso, personal_data_cipher, read_database
from serve.cli.command import Answer, CommandContext, sentence
from serve.cli.database_option import OWN, open_database_option
from serve.cli.layout import Line, Words, records_table
from serve.cli.playbook_option import PlaybookFlag, read_playbook_in_force

if TYPE_CHECKING:
    from serve.usecases.notify_overdue import NotifyOverdueResult

WebhookId = Annotated[
    str, SchemaKeyword("pattern", "^wh_[0-9a-f]{32}$"), typer.Argument(help="Id shown by `kqml webhooks list`.")
]
Secret = Annotated[str, SchemaKeyword("pattern", "^whsec_")]


class CreatedWebhook(TypedDict):
    """A new webhook; `secret` is shown this once."""

    webhook_id: WebhookId
    url: str
    kinds: list[str]
    secret: Secret


class ListedWebhook(TypedDict):
    """A webhook with the counts of its messages."""

    webhook_id: WebhookId
    url: str
    kinds: list[str]
    created_at: Moment
    disabled_at: Moment | None
    waiting: Count
    delivered: Count
    dead: Count


class WebhookList(TypedDict):
    """All webhooks."""

    webhooks: list[ListedWebhook]


class DisabledWebhook(TypedDict):
    """The webhook that was disabled."""

    webhook_id: WebhookId


class RenewedSecret(TypedDict):
    """A webhook with its new secret, shown this once."""

    webhook_id: WebhookId
    secret: Secret


class DeadMessage(TypedDict):
    """A message that could not be delivered. `fault`: why the last attempt failed."""

    message_id: str
    webhook_id: WebhookId
    kind: str
    attempts: Count
    dead_at: Moment
    fault: str | None


class DeadMessages(TypedDict):
    """Messages that could not be delivered, the latest first."""

    dead: list[DeadMessage]


class ReplayResult(TypedDict):
    """How many messages are sent again."""

    replayed: Count


def create(
    url: Annotated[str, typer.Argument(help="URL that receives messages by POST: https, or http on this machine.")],
    kind: Annotated[list[str], typer.Option(help="Message kind. Repeat for several (docs/webhooks.md).")],
    context: CommandContext,
) -> Answer[CreatedWebhook]:
    """Create a webhook and show its signing secret once. The database stores the secret encrypted.

    Example: kqml webhooks create https://crm.example.com/kqml --kind account.band_crossed --kind plan.created
    """
    from serve.webhooks.addresses import UnreachableTarget, check_target, resolve_name
    from serve.webhooks.message_types import MessageKind
    from serve.webhooks.records import NewWebhook, add_webhook

    todo = f"give one of {', '.join(MessageKind)}"
    faults = [Fault("--kind", f"{word!r} is not a message kind", todo) for word in sorted(set(kind) - set(MessageKind))]
    try:
        check_target(url, allowed_networks(context.settings), resolve_name)
    except UnreachableTarget as error:
        faults.append(Fault("URL", str(error), "give a public https URL"))
    if faults:
        raise BadUse("The webhook cannot be created.", faults)
    with change_database(context) as change:
        request = NewWebhook(url, frozenset(map(MessageKind, kind)), change.actor.name)
        webhook = add_webhook(change.connection, personal_data_cipher(context.settings), request, context.now)
        change.record("webhook.create", "webhook", webhook.webhook_id, {"kinds": webhook.kinds})
    secret = webhook.secrets[0]
    result = CreatedWebhook(webhook_id=webhook.webhook_id, url=url, kinds=list(webhook.kinds), secret=secret)
    created = text("security.webhooks.created", context.language, webhook_id=webhook.webhook_id)
    return Answer(result, [Line(created), Line(secret)])


def list_(context: CommandContext) -> Answer[WebhookList]:
    """List webhooks with the number of waiting, delivered and failed messages.

    Example: kqml webhooks list
    """
    from serve.webhooks.records import NO_DELIVERIES, count_deliveries, list_webhooks

    with read_database(context) as connection:
        counts = count_deliveries(connection)
        webhooks = [
            ListedWebhook(
                webhook_id=webhook.webhook_id,
                url=webhook.url,
                kinds=list(webhook.kinds),
                created_at=iso(webhook.created_at),
                disabled_at=iso(webhook.disabled_at),
                **counts.get(webhook.webhook_id, NO_DELIVERIES),
            )
            for webhook in list_webhooks(connection, personal_data_cipher(context.settings))
        ]
    return Answer(WebhookList(webhooks=webhooks), records_table(webhooks, Words("security.webhooks", context.language)))


def disable(webhook_id: WebhookId, context: CommandContext) -> Answer[DisabledWebhook]:
    """Disable a webhook. Its waiting messages are not delivered.

    Example: kqml webhooks disable wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.webhooks.records import disable_webhook

    with change_database(context) as change:
        if not disable_webhook(change.connection, webhook_id, context.now):
            fault = Fault(webhook_id, "no active webhook has this id", "see `kqml webhooks list`")
            raise BadUse("No webhook was disabled.", [fault])
        change.record("webhook.disable", "webhook", webhook_id)
    return sentence("security.webhooks.disabled", context.language, DisabledWebhook(webhook_id=webhook_id))


def renew(webhook_id: WebhookId, context: CommandContext) -> Answer[RenewedSecret]:
    """Create a new signing secret and show it once. Messages carry signatures of both secrets until the next renewal.

    Example: kqml webhooks renew wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.webhooks.records import find_webhook, renew_secret

    cipher = personal_data_cipher(context.settings)
    with change_database(context) as change:
        webhook = find_webhook(change.connection, cipher, webhook_id)
        if webhook is None or webhook.disabled_at is not None:
            fault = Fault(webhook_id, "no active webhook has this id", "see `kqml webhooks list`")
            raise BadUse("No secret was renewed.", [fault])
        secret = renew_secret(change.connection, cipher, webhook)
        change.record("webhook.renew", "webhook", webhook_id)
    renewed = text("security.webhooks.renewed", context.language, webhook_id=webhook_id)
    return Answer(RenewedSecret(webhook_id=webhook_id, secret=secret), [Line(renewed), Line(secret)])


def dead(
    context: CommandContext,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of messages, latest first.")] = 100,
) -> Answer[DeadMessages]:
    """List messages whose delivery failed for good, with the fault of the last attempt.

    Example: kqml webhooks dead
    """
    from serve.webhooks.records import list_dead

    with read_database(context) as connection:
        messages = [
            DeadMessage(
                message_id=row["message_id"],
                webhook_id=row["webhook_id"],
                kind=row["kind"],
                attempts=row["attempts"],
                dead_at=iso(row["dead_at"]),
                fault=row["fault"],
            )
            for row in list_dead(connection, limit)
        ]
    return Answer(DeadMessages(dead=messages), records_table(messages, Words("security.dead", context.language)))


def replay(
    context: CommandContext,
    message: Annotated[str | None, typer.Option(help="Send only the message with this id. Default: all.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Send only messages of this webhook.")] = None,
) -> Answer[ReplayResult]:
    """Queue failed messages again. A running service delivers them with the same ids.

    Example: kqml webhooks replay --webhook wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.webhooks import records

    with change_database(context) as change:
        count = records.replay(change.connection, context.now, webhook, message)
        details = {"messages": count, "message": message, "webhook": webhook}
        change.record("webhook.replay", details=details)
    return sentence("security.dead.replayed", context.language, ReplayResult(replayed=count), n=count)


def overdue(
    context: CommandContext,
    cutoff: Annotated[
        str | None, typer.Option(help="Cutoff: a date, or a time with UTC offset.", show_default="now")
    ] = None,
    playbook: PlaybookFlag = None,
) -> Answer["NotifyOverdueResult"]:
    """Find overdue duties in the database and queue webhook messages of up to 200 new ones. Run it nightly.

    Duties for birthdays and life events are left out, because their date is personal data.

    Example: kqml webhooks overdue
    """
    from serve.usecases.notify_overdue import NotifyOverdueRequest, notify_overdue

    rules = read_playbook_in_force(playbook, context.settings)
    with open_database_option(OWN, context.settings) as opened:
        result = notify_overdue(opened.database, NotifyOverdueRequest(rules, cutoff), context.now)
    return sentence("security.webhooks.overdue", context.language, result)
