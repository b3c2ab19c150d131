"""The page on security says the rules that hold."""

from pathlib import Path

from access_samples import RULES

from serve.security.callers import Scope
from serve.security.role_scopes import SCOPES_OF
from serve.security.roles import Role

PAGE = (Path(__file__).parents[3] / "docs" / "security.md").read_text()


def told() -> dict[str, tuple[set[str], set[str]]]:
    """Scope → the roles and the calls that the page names for it."""
    table = PAGE.partition("<!-- rules -->")[2].partition("<!-- /rules -->")[0].strip().splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {scope.strip("`"): (set(roles.split(", ")), set(calls.split("`")[1::2])) for scope, roles, calls in rows}


def test_the_page_says_which_role_has_which_scope():
    page = told()
    assert {scope: page[scope][0] for scope in Scope} == {
        scope: {role.value for role in Role if scope in SCOPES_OF[role]} for scope in Scope
    }


def test_the_page_says_which_call_needs_which_scope():
    page = told()
    calls = {name: scope for scope, (_, names) in page.items() for name in names}
    assert calls == {name: "–" if scope is None else scope.value for name, scope in RULES.items()}
