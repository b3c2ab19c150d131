"""`kqml keys …`: manage API keys of programs and secret keys of personal data."""

from typing import Annotated

import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Count, Moment, SchemaKeyword
from kqml.errors import BadUse, Fault
from kqml.messages import text
from serve.cli.administration import change_database, iso, personal_data_cipher, read_database
from serve.cli.command import Answer, CommandContext, sentence
from serve.cli.layout import Line, Words, records_table

DAY = 86_400 * 1_000_000

DAYS = 365
"""After which a key expires unless another number is given."""

KeyId = Annotated[str, SchemaKeyword("pattern", "^[0-9a-f]{10}$")]


class CreatedKey(TypedDict):
    """A new API key; `key` is shown this once."""

    key_id: KeyId
    key: Annotated[str, SchemaKeyword("pattern", "^kqml_[0-9a-f]{10}_[A-Za-z0-9_-]{43}$")]
    name: str
    scopes: list[str]
    rep_id: str | None
    expires_at: Moment | None


class ListedKey(TypedDict):
    """An API key without its secret."""

    key_id: KeyId
    name: str
    scopes: list[str]
    rep_id: str | None
    created_at: Moment
    expires_at: Moment | None
    last_used_at: Moment | None
    revoked_at: Moment | None


class KeyList(TypedDict):
    """All API keys."""

    keys: list[ListedKey]


class RevokedKey(TypedDict):
    """The key that was revoked."""

    key_id: KeyId


class SecretKey(TypedDict):
    """A value for KQML_SECRET_KEYS."""

    secret_key: str


class ResealedCounts(TypedDict):
    """How many records were encrypted anew."""

    contacts: Count
    webhooks: Count


class RotationResult(TypedDict):
    """What `kqml keys rotate` encrypted anew."""

    resealed: ResealedCounts


def create(
    name: Annotated[str, typer.Argument(help="Name of the key, shown in lists.")],
    scope: Annotated[list[str], typer.Option(help="Scope of the key. Repeat for several (docs/security.md).")],
    context: CommandContext,
    rep: Annotated[
        str | None, typer.Option(help="Limit the key to the accounts of this rep or manager and their team.")
    ] = None,
    days: Annotated[int, typer.Option(min=1, max=3650, help="Days until the key expires.")] = DAYS,
) -> Answer[CreatedKey]:
    """Create an API key and show it once. The database stores only its hash.

    Example: kqml keys create crm --scope events:write --scope accounts:write --days 365
    """
    from serve.security.api_keys import NewKey, add_key
    from serve.security.callers import Scope
    from serve.security.key_text import make_key
    from serve.security.territories import territory_faults

    unknown = sorted(set(scope) - set(Scope))
    if unknown:
        faults = [Fault("--scope", f"{word!r} is not a scope", f"use {', '.join(Scope)}") for word in unknown]
        raise BadUse("The key cannot be created.", faults)
    key, expires_at = make_key(), context.now + days * DAY
    scopes = sorted(set(scope))
    with change_database(context) as change:
        if faults := list(territory_faults(change.connection, rep, map(Scope, scope))):
            raise BadUse("The key cannot be created.", faults)
        request = NewKey(name, frozenset(map(Scope, scope)), rep, expires_at, change.actor.name)
        add_key(change.connection, key, request, context.now)
        change.record("key.create", "key", key.key_id, {"name": name, "scopes": scopes, "rep_id": rep})
    result = CreatedKey(
        key_id=key.key_id, key=key.text, name=name, scopes=scopes, rep_id=rep, expires_at=iso(expires_at)
    )
    created = text("security.keys.created", context.language, key_id=key.key_id, name=name)
    return Answer(result, [Line(created), Line(key.text)])


def list_(context: CommandContext) -> Answer[KeyList]:
    """List API keys with scopes, last use and expiry, without their secrets.

    Example: kqml keys list
    """
    from serve.security.api_keys import list_keys

    with read_database(context) as connection:
        keys = [
            ListedKey(
                key_id=key.key_id,
                name=key.name,
                scopes=sorted(key.scopes),
                rep_id=key.rep_id,
                created_at=iso(key.created_at),
                expires_at=iso(key.expires_at),
                last_used_at=iso(key.last_used_at),
                revoked_at=iso(key.revoked_at),
            )
            for key in list_keys(connection)
        ]
    return Answer(KeyList(keys=keys), records_table(keys, Words("security.keys", context.language)))


def revoke(
    key_id: Annotated[str, typer.Argument(help="Key id: the ten characters after `kqml_`, shown by `kqml keys list`.")],
    context: CommandContext,
) -> Answer[RevokedKey]:
    """Revoke an API key. Running services refuse it within two seconds.

    Example: kqml keys revoke 3f9c01ab7d
    """
    from serve.security.api_keys import revoke_key

    with change_database(context) as change:
        if not revoke_key(change.connection, key_id, context.now):
            fault = Fault(key_id, "no active key has this id", "see `kqml keys list`")
            raise BadUse("No key was revoked.", [fault])
        change.record("key.revoke", "key", key_id)
    return sentence("security.keys.revoked", context.language, RevokedKey(key_id=key_id))


def secret() -> Answer[SecretKey]:
    """Print a random key for KQML_SECRET_KEYS. kqml does not store it.

    Example: kqml keys secret
    """
    from serve.security.encryption import make_secret_key

    key = make_secret_key()
    return Answer(SecretKey(secret_key=key), [Line(key)])


def rotate(context: CommandContext) -> Answer[RotationResult]:
    """Encrypt all personal data and webhook secrets with the first of KQML_SECRET_KEYS. Then remove the other keys.

    Example: kqml keys rotate
    """
    from serve.security.contact_vault import rotate_keys
    from serve.webhooks.records import rotate_secrets

    cipher = personal_data_cipher(context.settings)
    with change_database(context) as change:
        contacts, webhooks = rotate_keys(change.connection, cipher), rotate_secrets(change.connection, cipher)
        counts = ResealedCounts(contacts=contacts, webhooks=webhooks)
        change.record("secret_key.rotate", details=counts)
    return sentence("security.keys.resealed", context.language, RotationResult(resealed=counts), **counts)
