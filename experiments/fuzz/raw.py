"""Raw requests: addresses, headers, lengths and forms that HTTP libraries do not send."""

import socket
from collections.abc import Iterator, Mapping
from urllib.parse import urlsplit

NO_ANSWER = 0
"""The status of a connection that was closed, or kept waiting, without one."""

WAIT_SECONDS = 2.0

ADDRESSES = (
    b"/v1/accounts/%00",
    b"/v1/accounts/a%00b/history",
    b"/v1/accounts/%ff%fe",
    b"/v1/accounts/%ED%A0%80",
    b"/v1/accounts/%",
    b"/v1/accounts/..%2f..%2fetc%2fpasswd",
    b"/v1/accounts/../../etc/passwd",
    b"/v1/accounts/%2e%2e/",
    b"/v1/accounts/" + b"a" * 60_000,
    b"/v1/accounts/\xe7\x8e\x8b",
    b"/v1/accounts/a'%20OR%201=1--",
    b"/v1/accounts?tier=%00&region=%00&rep=%00",
    b"/v1/accounts?segment=%ff&limit=9&limit=-1",
    b"/v1/accounts?cursor=%00",
    b"/v1/accounts?sort=name&" + b"status=active&" * 3_000,
    b"/v1/accounts?limit=99999999999999999999999999999999999999999",
    b"/v1/contacts/%00",
    b"/v1/reps/%F4%90%80%80",
    b"/v1/decisions/%00",
    b"/v1/decisions/%ED%A0%80",
    b"/login?next=%00%ff//evil",
    b"//evil.example/v1/accounts",
    b"http://evil.example/v1/accounts",
    b"*",
    b"",
)
HEADERS = (
    b"if-none-match: \xff\xfe",
    b"authorization: Bearer \xe7\x8e\x8b",
    b"authorization: " + b"B" * 30_000,
    b"cookie: kqml_session=\xff; kqml_session=",
    b"cookie: " + b"a=b; " * 5_000,
    b"x-request-id: a\x0bb",
    b"accept-encoding: gzip;q=nan, *;q=9e9",
    b"host: \xff",
    b"sec-fetch-site: \xff",
    b"range: bytes=0-,0-,0-",
    b"x-forwarded-for: ::ffff:\xff",
    b"content-length: -1",
    b"content-length: 99999999999999999999",
    b"content-length: 5, 6",
    b"transfer-encoding: chunked, chunked",
    b"expect: 999-continue",
    b"upgrade: websocket\r\nconnection: upgrade",
)
FORMS = (
    b"login=%00&password=%00",
    b"login=%ff&password=%fe",
    b"login=a&password=b&csrf_token=%ED%A0%80",
    b"&" * 4_000,
    b"login=" + b"a" * 9_000,
    b"\xff\xfe\x00",
)
BROKEN_CHUNKS = (b"zz\r\nx\r\n", b"ffffffffffffffff\r\nx", b"5\r\nab", b"-1\r\n\r\n", b"3\r\nabcX\r\n0\r\n\r\n")


def raw_requests(known: Mapping[str, str]) -> Iterator[tuple[str, bytes]]:
    """Yield named requests as bytes. `known`: headers of an authorised caller."""
    headers = "".join(f"{name}: {value}\r\n" for name, value in known.items()).encode()
    end = b"host: localhost\r\nconnection: close\r\n"
    for method in (b"GET", b"PUT", b"BREW"):
        for address in ADDRESSES:
            yield "an address", method + b" " + address + b" HTTP/1.1\r\n" + headers + end + b"\r\n"
    for header in HEADERS:
        yield "a header", b"GET /v1/accounts HTTP/1.1\r\n" + headers + end + header + b"\r\n\r\n"
    for form in FORMS:
        sized = b"content-length: %d\r\ncontent-type: application/x-www-form-urlencoded\r\n" % len(form)
        for address in (b"/login", b"/logout"):
            cookies = b"cookie: kqml_login=\xff; kqml_session=x\r\n"
            yield "a form", b"POST " + address + b" HTTP/1.1\r\n" + end + cookies + sized + b"\r\n" + form
    start = b"POST /v1/events HTTP/1.1\r\n" + headers + end + b"content-type: application/json\r\n"
    for chunks in BROKEN_CHUNKS:
        yield "broken chunks", start + b"transfer-encoding: chunked\r\n\r\n" + chunks
    yield "fewer bytes than told", start + b"content-length: 100\r\n\r\n{"
    yield "no HTTP at all", b"\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03" + bytes(range(256))


def send_raw(url: str, sent: bytes) -> int:
    """Return the status of the answer."""
    index = urlsplit(url)
    with socket.create_connection((str(index.hostname), int(index.port or 80)), timeout=WAIT_SECONDS) as line:
        try:
            line.sendall(sent)
            line.shutdown(socket.SHUT_WR)
            first = line.recv(64)
        except OSError:
            return NO_ANSWER
    words = first.split(b" ")
    return int(words[1]) if first.startswith(b"HTTP/1.1 ") and words[1].isdigit() else NO_ANSWER
