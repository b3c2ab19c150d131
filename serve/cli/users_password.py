"""`kqml users password`: a new password."""

from typing import Annotated

import typer

from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, actor, known_user, now, opened_store, read_password
from serve.cli.output import emit


def run(login: Annotated[str, typer.Argument(help="Whose.")], as_json: Json = False) -> None:
    """Changes a user's password and ends every session. The password is asked for, or read from standard input.

    Example: kqml users password wang
    """
    from serve.security.audit import Deed, record
    from serve.security.passwords import hash_password
    from serve.security.users import change_password

    settings, at = read_settings(), now()
    with opened_store(settings) as store:
        user = known_user(store, login)
        password_hash = hash_password(read_password(login, settings.language))
        with store.writing() as connection:
            change_password(connection, user.user_id, password_hash, at)
            record(connection, actor(), [Deed("user.password", "user", user.user_id)], at)
    said = text("security.users.password", settings.language, login=login)
    emit(
        {"user_id": user.user_id, "login": login},
        as_json,
        lambda console: console.print(said, markup=False, soft_wrap=True),
    )
