"""Clients that never say what they want."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing

import pytest
import uvicorn

from serve.http import request_bodies as bodies
from serve.http import timeouts as patience
from serve.http.timeouts import TimeoutProtocol

POST = b"POST /v1/events HTTP/1.1\r\nhost: localhost\r\n"
JSON = b"content-type: application/json\r\ncontent-length: 50\r\n\r\n"
HEALTH = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n"


@pytest.fixture
def port(running, monkeypatch) -> Iterator[int]:
    """Where the app listens, with little patience."""
    monkeypatch.setattr(patience, "HEAD_SECONDS", 0.4)
    monkeypatch.setattr(bodies, "BODY_SECONDS", 0.4)
    listening = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(running.client.app, http=TimeoutProtocol, lifespan="off", log_level="critical")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, daemon=True)
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()
    listening.close()


def said(port: int, *parts: bytes, pause: float = 0.0) -> bytes:
    """What is answered until the service closes the connection."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
        for part in parts:
            line.sendall(part)
            time.sleep(pause)
        found = b""
        while chunk := line.recv(65_536):
            found += chunk
        return found


@pytest.mark.parametrize("start", [b"", b"GET /healthz HT", POST + b"x-slow: "], ids=["nothing", "a line", "a header"])
def test_headers_that_never_end_close_the_connection(port, start):
    assert said(port, start) == b""


def test_a_second_request_that_never_begins_to_end_is_no_different(port):
    answer = said(port, HEALTH, b"GET /healthz HT", pause=0.1)
    assert answer.startswith(b"HTTP/1.1 200")
    assert answer.count(b"HTTP/1.1") == 1


def test_a_body_that_never_ends_is_refused(port):
    answer = said(port, POST + JSON + b'{"events": [')
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"urn:kqml:problem:too-slow" in answer


def test_who_takes_its_time_within_the_limit_is_answered(port):
    answer = said(port, HEALTH[:20], HEALTH[20:-4] + b"\r\nconnection: close\r\n\r\n", pause=0.15)
    assert answer.startswith(b"HTTP/1.1 200")


def told(port, *parts):
    """The answer's status line, head and body, although the service may close before it has read everything."""
    with closing(socket.create_connection(("127.0.0.1", port), timeout=10)) as line:
        found = b""
        try:
            for part in parts:
                line.sendall(part)
        except OSError:
            pass
        try:
            while chunk := line.recv(65_536):
                found += chunk
        except OSError:
            pass
    head, _, body = found.partition(b"\r\n\r\n")
    return head.split(b"\r\n")[0], head, body


MANY = b"".join(b"x-%d: %s\r\n" % (number, b"a" * 900) for number in range(80)) + b"\r\n"


@pytest.mark.parametrize("part", [b"x-long: " + b"a" * 70_000 + b"\r\n\r\n", MANY], ids=["one", "many"])
def test_headers_beyond_the_limit_are_refused(port, part):
    line, head, body = told(port, HEALTH[:-2], part)
    assert line == b"HTTP/1.1 431 Request Header Fields Too Large"
    assert b"application/problem+json" in head
    assert b"urn:kqml:problem:headers-too-large" in body


def test_headers_that_come_without_end_are_not_collected(port):
    line, _, _ = told(port, HEALTH[:-2] + b"x-endless: ", *([b"a" * 65_536] * 64))
    assert line in (b"HTTP/1.1 431 Request Header Fields Too Large", b"")


def test_large_headers_within_the_limit_are_answered(port):
    line, _, _ = told(port, HEALTH[:-2] + b"x-long: " + b"a" * 60_000 + b"\r\nconnection: close\r\n\r\n")
    assert line == b"HTTP/1.1 200 OK"


def test_what_is_no_http_is_a_problem(port):
    line, head, body = told(port, b"hello there\r\n\r\n")
    assert line == b"HTTP/1.1 400 Bad Request"
    assert b"application/problem+json" in head
    assert b"urn:kqml:problem:bad-request" in body
