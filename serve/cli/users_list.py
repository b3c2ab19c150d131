"""`kqml users list`: everybody who may log in."""

from kqml.settings import read_settings
from serve.cli.administration import Json, iso, open_settings_database, print_table
from serve.cli.output import emit


def run(as_json: Json = False) -> None:
    """Lists the users by login.

    Example: kqml users list
    """
    from serve.security.users import list_users

    settings = read_settings()
    with open_settings_database(settings) as database, database.reading() as connection:
        result = list_users(connection)
    users = [
        {
            "login": user.login,
            "role": user.role.value,
            "rep_id": user.rep_id,
            "created_at": iso(user.created_at),
            "disabled_at": iso(user.disabled_at),
        }
        for user in result
    ]
    emit({"users": users}, as_json, lambda console: print_table(console, settings.language, "security.users", users))
