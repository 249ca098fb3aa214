"""What messengers read: a preview with a picture, escaped, with whole addresses."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from wam_demo.ui.share.pages import meta, routes
from wam_demo.ui.share.store import Share, ShareStore


@pytest.fixture
def store(tmp_path):
    return ShareStore(tmp_path / "shares.sqlite3")


@pytest.fixture
def client(store):
    return TestClient(Starlette(routes=routes(store, "Bench")), base_url="http://demo.example")


def test_the_page_of_a_share_has_a_preview_and_leads_to_the_app(client, store):
    name = store.keep(Share("packed", 'told to "<b>stop</b>"', b"\xff\xd8picture"))
    page = client.get(f"/share/{name}", headers={"x-forwarded-proto": "https"}).text
    assert f'property="og:image" content="https://demo.example/share/{name}.jpg"' in page
    assert f"url=../#share={name}" in page
    assert "<b>stop" not in page
    picture = client.get(f"/share/{name}.jpg")
    assert picture.content == b"\xff\xd8picture"
    assert picture.headers["content-type"] == "image/jpeg"


def test_a_share_without_a_picture_shows_the_app(client, store):
    name = store.keep(Share("packed", "line", b""))
    assert "http://demo.example/share/preview.png" in client.get(f"/share/{name}").text
    assert client.get("/share/preview.png").headers["content-type"] == "image/png"


def test_an_unknown_share_is_one_line(client):
    answer = client.get("/share/nobody")
    assert answer.status_code == 404
    assert "not kept here" in answer.text


def test_words_of_the_preview_are_escaped():
    assert "&quot;x&quot;&lt;" in meta('"x"<', "line", "picture", "site")
