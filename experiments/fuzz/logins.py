"""Forms of the login page with one or two wrong fields."""

import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from experiments.fuzz.findings import FindingCounts, FuzzFinding

LOGIN, PASSWORD = "fuzzed", "correct horse battery"
SESSION, FORM = "kqml_session", "kqml_login"
SECONDS = 30
HOSTILE = (
    "",
    "\x00",
    "' OR 1=1 --",
    "admin\r\nset-cookie: a=b",
    "王小明",
    "ﬀ" * 200,
    "\u202e",
    "x" * 7_000,
    "%ff",
    "{{7*7}}",
    "<script>alert(1)</script>",
    "../../etc/passwd",
)
ONWARD = (
    "/",
    "/v1/accounts",
    "//evil.example",
    "/\\evil.example",
    "https://evil.example",
    "javascript:alert(1)",
    "/%0d%0aset-cookie:a=b",
    "/\r\nset-cookie: a=b",
    "/\tx",
    "evil",
    "",
)
ALLOWED = {"/login": {303, 400, 401, 403, 413, 429}, "/logout": {303, 403, 413}}
BUSY = (413, 429)
"""What anybody may be told: too many bytes, too many failures before."""

_TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


@dataclass(frozen=True)
class _Try:
    """A login form. `right`: whether it must log the user in."""

    path: str
    fields: dict[str, str]
    headers: dict[str, str]
    right: bool


def fuzz_logins(url: str, tries: int, seed: int, tally: FindingCounts) -> None:
    """Send so many forms, each from its own address, so that rate limits do not hide other results."""
    probability = random.Random(seed)
    with httpx.Client(base_url=url, timeout=SECONDS) as http:
        for _ in range(tries):
            http.cookies.clear()
            sent = _form(http, probability, tally)
            answer = http.post(sent.path, content=_encoded(sent.fields, probability), headers=sent.headers)
            tally.count(answer.status_code)
            for what in _wrong(sent, answer):
                tally.add(FuzzFinding(f"POST {sent.path}", what, f"{sent}: {answer.status_code} {answer.headers}"))


def _form(http: httpx.Client, probability: random.Random, tally: FindingCounts) -> _Try:
    address = {"x-forwarded-for": ".".join(str(probability.randrange(1, 255)) for _ in range(4))}
    headers = {"content-type": "application/x-www-form-urlencoded", **address}
    if probability.random() < 0.2:
        token = probability.choice(HOSTILE)
        return _Try("/logout", {"csrf_token": token}, {**headers, **_cookie(SESSION, token)}, right=False)
    page = http.get("/login", params={"next": probability.choice(ONWARD)}, headers=address)
    tally.count(page.status_code)
    match = _TOKEN.search(page.text)
    if match is None:
        tally.add(FuzzFinding("GET /login", f"answered {page.status_code} without a form", str(page.url)))
    token = match.group(1) if match else ""
    fields = {"login": LOGIN, "password": PASSWORD, "csrf_token": token, "next": probability.choice(ONWARD)}
    right = True
    if probability.random() < 0.7:
        fields[probability.choice(("login", "password", "csrf_token"))] = probability.choice(HOSTILE)
        right = False
    http.cookies.clear()
    return _Try("/login", fields, {**headers, **_cookie(FORM, token)}, right)


def _cookie(name: str, value: str) -> dict[str, str]:
    return {"cookie": f"{name}={value}"} if value.isascii() and value.isprintable() else {}


def _encoded(fields: dict[str, str], probability: random.Random) -> str:
    """Return the form's body, sometimes with a repeated or unknown field."""
    pairs = list(fields.items())
    if probability.random() < 0.1:
        pairs.append((probability.choice(list(fields)), probability.choice(HOSTILE)))
    if probability.random() < 0.1:
        pairs.append((probability.choice(HOSTILE), probability.choice(HOSTILE)))
    return urlencode(pairs)


def _wrong(sent: _Try, answer: httpx.Response) -> Iterator[str]:
    """Return the fault of an answer: a failure, a redirect out of the service, a wrong login or refusal."""
    if answer.status_code not in ALLOWED[sent.path]:
        yield f"answered {answer.status_code}"
    onward = answer.headers.get("location", "/")
    if not onward.startswith("/") or onward.startswith(("//", "/\\")) or not onward.isprintable():
        yield "leads away from the service"
    cookies = answer.headers.get_list("set-cookie")
    if {cookie.partition("=")[0] for cookie in cookies} - {SESSION, FORM}:
        yield "sets a cookie of somebody's choice"
    let_in = any(cookie.startswith(f"{SESSION}=") and "Max-Age=0" not in cookie for cookie in cookies)
    if let_in and not sent.right:
        yield "who may not log in was let in"
    if sent.right and not let_in and answer.status_code not in BUSY:
        yield "who may log in was turned away"
    if let_in and not all("HttpOnly" in cookie and "SameSite" in cookie for cookie in cookies):
        yield "a session's cookie is readable"
