"""`kqml webhooks …`: addresses that are told of changes."""

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
    str, SchemaKeyword("pattern", "^wh_[0-9a-f]{32}$"), typer.Argument(help="As `kqml webhooks list` shows it.")
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
    url: Annotated[str, typer.Argument(help="Where to send messages by POST; https, unless it is this machine.")],
    kind: Annotated[list[str], typer.Option(help="What to tell of; repeat it for several (docs/webhooks.md).")],
    context: CommandContext,
) -> Answer[CreatedWebhook]:
    """Makes a webhook and shows its signing secret once; the database keeps it sealed.

    Example: kqml webhooks create https://crm.example.com/kqml --kind account.band_crossed --kind plan.created
    """
    from serve.webhooks.addresses import UnreachableTarget, check_target, resolve_name
    from serve.webhooks.message_types import MessageKind
    from serve.webhooks.records import NewWebhook, add_webhook

    todo = f"give one of {', '.join(MessageKind)}"
    faults = [Fault("--kind", f"{word!r} is nothing to tell of", todo) for word in sorted(set(kind) - set(MessageKind))]
    try:
        check_target(url, allowed_networks(context.settings), resolve_name)
    except UnreachableTarget as error:
        faults.append(Fault("URL", str(error), "give an https address that others may call"))
    if faults:
        raise BadUse("The webhook cannot be made.", faults)
    with change_database(context) as change:
        request = NewWebhook(url, frozenset(map(MessageKind, kind)), change.actor.name)
        webhook = add_webhook(change.connection, personal_data_cipher(context.settings), request, context.now)
        change.record("webhook.create", "webhook", webhook.webhook_id, {"kinds": webhook.kinds})
    secret = webhook.secrets[0]
    result = CreatedWebhook(webhook_id=webhook.webhook_id, url=url, kinds=list(webhook.kinds), secret=secret)
    created = text("security.webhooks.created", context.language, webhook_id=webhook.webhook_id)
    return Answer(result, [Line(created), Line(secret)])


def list_(context: CommandContext) -> Answer[WebhookList]:
    """Lists the webhooks with how many messages wait, were delivered, were given up.

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
    """Ends a webhook; messages that wait for it are given up.

    Example: kqml webhooks disable wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.webhooks.records import disable_webhook

    with change_database(context) as change:
        if not disable_webhook(change.connection, webhook_id, context.now):
            fault = Fault(webhook_id, "there is no such webhook, or it was disabled", "see `kqml webhooks list`")
            raise BadUse("Nothing was disabled.", [fault])
        change.record("webhook.disable", "webhook", webhook_id)
    return sentence("security.webhooks.disabled", context.language, DisabledWebhook(webhook_id=webhook_id))


def renew(webhook_id: WebhookId, context: CommandContext) -> Answer[RenewedSecret]:
    """Makes a new signing secret, shown once. The one before it signs beside it until the next renewal.

    Example: kqml webhooks renew wh_3f9c01ab7d3f9c01ab7d3f9c01ab7d3f
    """
    from serve.webhooks.records import find_webhook, renew_secret

    cipher = personal_data_cipher(context.settings)
    with change_database(context) as change:
        webhook = find_webhook(change.connection, cipher, webhook_id)
        if webhook is None or webhook.disabled_at is not None:
            fault = Fault(webhook_id, "no such live webhook", "see `kqml webhooks list`")
            raise BadUse("Nothing was renewed.", [fault])
        secret = renew_secret(change.connection, cipher, webhook)
        change.record("webhook.renew", "webhook", webhook_id)
    renewed = text("security.webhooks.renewed", context.language, webhook_id=webhook_id)
    return Answer(RenewedSecret(webhook_id=webhook_id, secret=secret), [Line(renewed), Line(secret)])


def dead(
    context: CommandContext,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="At most so many, the latest first.")] = 100,
) -> Answer[DeadMessages]:
    """Lists messages that no attempt could deliver, each with why the last one failed.

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
    message: Annotated[str | None, typer.Option(help="Only this message, by its id; else all.")] = None,
    webhook: Annotated[str | None, typer.Option(help="Only those of this webhook.")] = None,
) -> Answer[ReplayResult]:
    """Sends messages again that were given up; a running service delivers them. Their ids stay the same.

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
    cutoff: Annotated[str | None, typer.Option(help="A date or an instant with offset.", show_default="now")] = None,
    playbook: PlaybookFlag = None,
) -> Answer["NotifyOverdueResult"]:
    """Works out what is overdue in the database and tells webhooks of what they were not told before; for a nightly
    job.

    Duties of birthdays and of people's lives are left out: their day alone is personal.

    Example: kqml webhooks overdue
    """
    from serve.usecases.notify_overdue import NotifyOverdueRequest, notify_overdue

    rules = read_playbook_in_force(playbook, context.settings)
    with open_database_option(OWN, context.settings) as opened:
        result = notify_overdue(opened.database, NotifyOverdueRequest(rules, cutoff), context.now)
    return sentence("security.webhooks.overdue", context.language, result)
