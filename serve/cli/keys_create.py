"""`kqml keys create`: an API key for a program."""

from typing import TYPE_CHECKING, Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, iso, now, open_settings_database
from serve.cli.output import emit

if TYPE_CHECKING:
    from rich.console import Console

DAY = 86_400 * 1_000_000


def run(
    name: Annotated[str, typer.Argument(help="What the key is for; shown in lists.")],
    scope: Annotated[list[str], typer.Option(help="What it may do; repeat it for several (docs/security.md).")],
    rep: Annotated[str | None, typer.Option(help="Limit it to the accounts of this rep, with the team below.")] = None,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="It expires after so many days.")] = None,
    as_json: Json = False,
) -> None:
    """Makes an API key and shows it once; the store keeps only its hash.

    Example: kqml keys create crm --scope events:write --scope accounts:write --days 365
    """
    from serve.security.api_keys import NewKey, add_key
    from serve.security.audit import AuditEvent, record_event
    from serve.security.callers import Scope
    from serve.security.key_text import make_key

    unknown = sorted(set(scope) - set(Scope))
    if unknown:
        faults = [Fault("--scope", f"{word!r} is no scope", f"give one of {', '.join(Scope)}") for word in unknown]
        raise BadUse("The key cannot be made.", faults)
    settings, at, who, fresh = read_settings(), now(), actor(), make_key()
    expires_at = None if days is None else at + days * DAY
    request = NewKey(name, frozenset(map(Scope, scope)), rep, expires_at, who.name)
    details = {"name": name, "scopes": sorted(request.scopes), "rep_id": rep}
    with open_settings_database(settings) as database, database.writing() as connection:
        add_key(connection, fresh, request, at)
        record_event(connection, who, [AuditEvent("key.create", "key", fresh.key_id, details)], at)
    result = {"key_id": fresh.key_id, "key": fresh.text, **details, "expires_at": iso(expires_at)}

    def render(console: "Console") -> None:
        console.print(text("security.keys.created", settings.language, key_id=fresh.key_id, name=name), markup=False)
        console.print(fresh.text, markup=False, highlight=False, soft_wrap=True)

    emit(result, as_json, render)
