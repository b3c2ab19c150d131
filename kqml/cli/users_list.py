"""`kqml users list`: everybody who may log in."""

from kqml.cli.output import emit
from kqml.cli.security import Json, iso, opened_store, print_table
from kqml.settings import read_settings


def run(as_json: Json = False) -> None:
    """Lists the users by login.

    Example: kqml users list
    """
    from serve.security.user_records import list_users

    settings = read_settings()
    with opened_store(settings) as store, store.reading() as connection:
        found = list_users(connection)
    users = [
        {
            "login": user.login,
            "role": user.role.value,
            "rep_id": user.rep_id,
            "created_at": iso(user.created_at),
            "disabled_at": iso(user.disabled_at),
        }
        for user in found
    ]
    emit({"users": users}, as_json, lambda console: print_table(console, settings.language, "security.users", users))
