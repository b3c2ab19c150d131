"""`kqml users disable`: nobody logs in as this user any more."""

from typing import Annotated

import typer

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, find_known_user, now, open_settings_database
from serve.cli.output import emit


def run(login: Annotated[str, typer.Argument(help="Whose.")], as_json: Json = False) -> None:
    """Keeps a user from logging in and ends every session. The user stays in the audit log under the same id.

    Example: kqml users disable wang
    """
    from serve.security.audit import AuditEvent, record_event
    from serve.security.users import disable_user

    settings, at = read_settings(), now()
    with open_settings_database(settings) as database:
        user = find_known_user(database, login)
        with database.writing() as connection:
            disable_user(connection, user.user_id, at)
            record_event(connection, actor(), [AuditEvent("user.disable", "user", user.user_id)], at)
    message = text("security.users.disabled", settings.language, login=login)
    emit(
        {"user_id": user.user_id, "login": login},
        as_json,
        lambda console: console.print(message, markup=False, soft_wrap=True),
    )
