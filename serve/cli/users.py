"""`kqml users …`: manage users who log in."""

from typing import Annotated

import typer
from typing_extensions import TypedDict

from kqml.contract.fields import Moment
from kqml.errors import BadUse, Fault
from serve.cli.administration import change_database, find_known_user, iso, read_database, read_password
from serve.cli.command import Answer, CommandContext, Language, sentence
from serve.cli.layout import Words, records_table
from serve.security.roles import Role

Login = Annotated[str, typer.Argument(help="Login of the user.")]


class ChangedUser(TypedDict):
    """A user who was changed."""

    user_id: str
    login: str


class CreatedUser(ChangedUser):
    """A new user. `rep_id`: the rep or manager the user is."""

    role: Role
    rep_id: str | None


class ListedUser(TypedDict):
    """A user without the password."""

    login: str
    role: Role
    rep_id: str | None
    created_at: Moment
    disabled_at: Moment | None


class UserList(TypedDict):
    """All users."""

    users: list[ListedUser]


def create(
    login: Annotated[str, typer.Argument(help="Login name: letters, digits and . _ @ -")],
    role: Annotated[Role, typer.Option(help="Role of the user.")],
    context: CommandContext,
    rep: Annotated[str | None, typer.Option(help="Id of the rep or manager. Required for these roles.")] = None,
    language: Annotated[
        Language | None, typer.Option(help="Language of the web pages. Default: the language of the service.")
    ] = None,
) -> Answer[CreatedUser]:
    """Create a user. Enter the password when asked, or on standard input (one line, at least 12 characters).

    Example: kqml users create wang --role rep --rep R17
    """
    from sqlalchemy.exc import IntegrityError

    from serve.security.passwords import hash_password
    from serve.security.territories import territory_faults
    from serve.security.users import NewUser, add_user, new_user_faults

    request = NewUser(login, role, rep, language.value if language else None)
    faults = [Fault(where, what, todo) for where, what, todo in new_user_faults(request)]
    if faults:
        raise BadUse("The user cannot be created.", faults)
    password_hash = hash_password(read_password(login, context.language))
    try:
        with change_database(context) as change:
            if faults := list(territory_faults(change.connection, rep, ())):
                raise BadUse("The user cannot be created.", faults)
            user_id = add_user(change.connection, request, password_hash, context.now)
            change.record("user.create", "user", user_id, {"role": role.value, "rep_id": rep})
    except IntegrityError as error:
        raise BadUse(
            "The user cannot be created.", [Fault(login, "another user has this login", "choose another login")]
        ) from error
    result = CreatedUser(user_id=user_id, login=login, role=role, rep_id=rep)
    return sentence("security.users.created", context.language, result)


def list_(context: CommandContext) -> Answer[UserList]:
    """List all users, sorted by login.

    Example: kqml users list
    """
    from serve.security.users import list_users

    with read_database(context) as connection:
        users = [
            ListedUser(
                login=user.login,
                role=user.role,
                rep_id=user.rep_id,
                created_at=iso(user.created_at),
                disabled_at=iso(user.disabled_at),
            )
            for user in list_users(connection)
        ]
    return Answer(UserList(users=users), records_table(users, Words("security.users", context.language)))


def password(login: Login, context: CommandContext) -> Answer[ChangedUser]:
    """Change the password of a user and end all sessions. Enter the password when asked, or on standard input.

    Example: kqml users password wang
    """
    from serve.security.passwords import hash_password
    from serve.security.users import change_password

    with read_database(context) as connection:
        user_id = find_known_user(connection, login).user_id
    password_hash = hash_password(read_password(login, context.language))
    with change_database(context) as change:
        change_password(change.connection, user_id, password_hash, context.now)
        change.record("user.password", "user", user_id)
    return sentence("security.users.password", context.language, ChangedUser(user_id=user_id, login=login))


def disable(login: Login, context: CommandContext) -> Answer[ChangedUser]:
    """Disable a user and end all sessions. The audit log keeps the user's id.

    Example: kqml users disable wang
    """
    from serve.security.users import disable_user

    with change_database(context) as change:
        user_id = find_known_user(change.connection, login).user_id
        disable_user(change.connection, user_id, context.now)
        change.record("user.disable", "user", user_id)
    return sentence("security.users.disabled", context.language, ChangedUser(user_id=user_id, login=login))
