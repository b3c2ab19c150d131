"""`kqml users password`: a new password."""

from typing import Annotated

import typer

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, find_known_user, now, open_settings_database, read_password
from serve.cli.output import emit


def run(login: Annotated[str, typer.Argument(help="Whose.")], as_json: Json = False) -> None:
    """Changes a user's password and ends every session. The password is asked for, or read from standard input.

    Example: kqml users password wang
    """
    from serve.security.audit import AuditEvent, record_event
    from serve.security.passwords import hash_password
    from serve.security.users import change_password

    settings, at = read_settings(), now()
    with open_settings_database(settings) as database:
        user = find_known_user(database, login)
        password_hash = hash_password(read_password(login, settings.language))
        with database.writing() as connection:
            change_password(connection, user.user_id, password_hash, at)
            record_event(connection, actor(), [AuditEvent("user.password", "user", user.user_id)], at)
    message = text("security.users.password", settings.language, login=login)
    emit(
        {"user_id": user.user_id, "login": login},
        as_json,
        lambda console: console.print(message, markup=False, soft_wrap=True),
    )
