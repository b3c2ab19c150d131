"""Every route × every role, scope, territory: generated from the routing table."""

from access_samples import PUBLIC_PATHS, RULES, SAMPLES, ask
from security_company import bearer, logged_in

from serve.http.openapi_security import needs
from serve.security.callers import Scope
from serve.security.role_scopes import SCOPES_OF
from serve.security.roles import Role


def declared(app) -> dict[str, str | None]:
    """Every route of ours with its scope; each declares exactly one need."""
    found = {}
    for method, path, said in needs(app):
        name = f"{method} {path}"
        if said is None:
            assert name in PUBLIC_PATHS, f"{name} is served without a rule"
        else:
            assert len(set(said)) == 1, f"{name} declares {said or 'no need'}; see serve/access.py"
            found[name] = said[0].scope
    return found


def test_every_route_declares_the_rule_that_is_written_down(client):
    assert declared(client.app) == RULES


def test_every_rule_has_a_sample_request():
    assert set(SAMPLES) == set(RULES)


def outcome(answer) -> str:
    return {401: "nobody", 403: "forbidden"}.get(answer.status_code, "let in")


def test_only_callers_with_the_scope_are_let_in(client, company):
    who = {f"scope {scope}": (bearer(company.key(scope)), {scope}) for scope in Scope}
    who |= {f"role {role}": (logged_in(company.session(company.user(role, "m1"))), SCOPES_OF[role]) for role in Role}
    found, expected = {}, {}
    for name, scope in sorted(RULES.items(), key=lambda rule: rule[0] == "POST /logout"):
        found[name, "anonymous"] = outcome(ask(client, name, SAMPLES[name], {}))
        expected[name, "anonymous"] = "let in" if scope is None else "nobody"
        for caller, (headers, held) in who.items():
            found[name, caller] = outcome(ask(client, name, SAMPLES[name], headers))
            expected[name, caller] = "let in" if scope is None or scope in held else "forbidden"
    assert {case: found[case] for case in found if found[case] != expected[case]} == {}
    assert len(found) == len(RULES) * (1 + len(Scope) + len(Role))
