"""`kqml users create`: somebody who may log in."""

from typing import Annotated

import typer

from kqml.errors import BadUse, Fault
from kqml.messages import text
from kqml.settings import read_settings
from serve.cli.administration import Json, RoleName, actor, now, open_settings_database, print_result, read_password
from serve.cli.language_option import Language


def run(
    login: Annotated[str, typer.Argument(help="Name to log in with: letters, digits, any of . _ @ -")],
    role: Annotated[RoleName, typer.Option(help="What the user may do.")],
    rep: Annotated[str | None, typer.Option(help="Which rep or manager the user is; needed for these roles.")] = None,
    language: Annotated[Language | None, typer.Option(help="Of the pages; else the service's.")] = None,
    as_json: Json = False,
) -> None:
    """Makes a user. The password is asked for, or read from standard input: a line of at least 12 characters.

    Example: kqml users create wang --role rep --rep R17
    """
    from sqlalchemy.exc import IntegrityError

    from serve.security.audit import AuditEvent, record_event
    from serve.security.passwords import hash_password
    from serve.security.users import NewUser, add_user, new_user_faults

    settings, at = read_settings(), now()
    request = NewUser(login, role.role, rep, language.value if language else None)
    faults = [Fault(where, what, todo) for where, what, todo in new_user_faults(request)]
    if faults:
        raise BadUse("The user cannot be made.", faults)
    password_hash = hash_password(read_password(login, settings.language))
    with open_settings_database(settings) as database:
        try:
            with database.writing() as connection:
                user_id = add_user(connection, request, password_hash, at)
                details = {"role": role.value, "rep_id": rep}
                record_event(connection, actor(), [AuditEvent("user.create", "user", user_id, details)], at)
        except IntegrityError as error:
            raise BadUse("The user cannot be made.", [Fault(login, "the login is taken", "choose another")]) from error
    result = {"user_id": user_id, "login": login, **details}
    message = text("security.users.created", settings.language, login=login, role=role.value)
    print_result(result, as_json, message)
