"""The scopes of each role."""

from collections.abc import Mapping

from serve.security.callers import Scope
from serve.security.roles import Role

_REP = frozenset(
    {
        Scope.READ_ACCOUNTS,
        Scope.READ_CONTACTS,
        Scope.SEE_PERSONAL,
        Scope.WRITE_CONTACTS,
        Scope.WRITE_EVENTS,
        Scope.READ_SCORES,
        Scope.READ_DECISIONS,
        Scope.WRITE_DECISIONS,
        Scope.USE_RIGHTS,
        Scope.READ_MODEL,
    }
)
_DATA_SCIENTIST = frozenset(
    {
        Scope.READ_ACCOUNTS,
        Scope.READ_CONTACTS,
        Scope.READ_SCORES,
        Scope.READ_DECISIONS,
        Scope.READ_MODEL,
        Scope.READ_METRICS,
    }
)

SCOPES_OF: Mapping[Role, frozenset[Scope]] = {
    Role.REP: _REP,
    Role.MANAGER: _REP | {Scope.WRITE_ACCOUNTS, Scope.ANSWER_REVIEWS},
    Role.DATA_SCIENTIST: _DATA_SCIENTIST,
    Role.ADMIN: frozenset(Scope),
}
"""A rep and a manager see the personal fields of their own territory's contacts, whom they have to call; whoever
works on models sees them masked."""

TERRITORIAL = frozenset({Role.REP, Role.MANAGER})
"""Roles that are limited to accounts: a rep to the own ones, a manager to the team's."""
