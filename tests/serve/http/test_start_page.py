"""The page at `/`: in both languages, for everybody, its links answered."""

import re

import pytest


def links(page: str) -> list[str]:
    return re.findall(r'href="([^"]+)"', page)


@pytest.mark.parametrize(
    ("asked", "language", "other"),
    [("", "zh", "en"), ("?language=en", "en", "zh"), ("?language=zh", "zh", "en"), ("?language=fr", "zh", "en")],
)
def test_it_says_what_the_service_is_in_the_language_asked_for(client, asked, language, other):
    page = client.get(f"/{asked}")
    assert (page.status_code, page.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert f'<html lang="{language}">' in page.text
    title = {"zh": "kqml：客情机器学习", "en": "kqml – customer relationship machine learning"}[language]
    assert re.findall(r"<h1>(.*)</h1>", page.text) == [title]
    assert links(page.text)[-1] == f"/?language={other}"


def test_its_links_are_served(client):
    addresses = links(client.get("/").text)
    assert addresses[:4] == ["/openapi.json", "/healthz", "/readyz", "/v1/model"]
    assert [address for address in addresses if client.get(address).status_code == 404] == []


def test_it_asks_for_nothing_from_elsewhere(client):
    page = client.get("/")
    assert not re.search(r"<(script|style|img|link)|https?://", page.text)
    assert "default-src 'none'" in page.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_it_is_only_read(client, method):
    assert getattr(client, method)("/").status_code == 405
