"""The test of a policy server from the page: what it measures, and which addresses it never goes to."""

import threading

import pytest

from tests.fakes.policies import FakePolicy
from tests.policies.remote.conftest import host  # noqa: F401
from wam_demo.errors import InvalidInputError, PolicyFault
from wam_demo.policies.remote.client import RemoteConfig
from wam_demo.policies.remote.settings import SERVER_VARIABLE
from wam_demo.ui.api import connection
from wam_demo.ui.api.connection import PLANS, ConnectionTest, measure


@pytest.fixture(autouse=True)
def no_server_is_set(monkeypatch):
    monkeypatch.delenv(SERVER_VARIABLE, raising=False)


def test_who_answers_and_how_long_a_plan_takes(host, monkeypatch):  # noqa: F811
    monkeypatch.setattr(connection, "LONGEST_S", 300.0)
    server = host(FakePolicy())
    found = ConnectionTest(True).ask({"url": server.url})
    assert found["policy"] == "fake"
    assert found["plans"] == PLANS
    assert 0 < found["server_ms"]["p50"] <= found["round_trip_ms"]["p50"] <= found["round_trip_ms"]["p95"]
    assert found["connect_ms"] > 0


def test_a_slow_server_is_asked_for_two_plans_at_least_and_not_for_long(host, monkeypatch):  # noqa: F811
    server, times = host(FakePolicy()), iter(range(0, 10_000, 10))
    found = measure(RemoteConfig(server.url), clock=lambda: next(times))
    assert found["plans"] == 1
    assert found["first_ms"] == 10_000


@pytest.mark.parametrize(
    "url",
    ["ws://example.org:80", "ws://10.0.0.1:8000", "ws://169.254.169.254", "ws://127.0.0.1.example.org:1", "ws://0.0.0.0:1",
     "ws://user@10.0.0.1:8000", "ws://127.0.0.1@10.0.0.1:8000", "ws://[::ffff:10.0.0.1]:80"],
)  # fmt: skip
def test_no_other_machine_can_be_named(url, monkeypatch):
    monkeypatch.setattr(connection, "measure", lambda config: pytest.fail(f"it went to {config.url}"))
    with pytest.raises(InvalidInputError, match="only servers of this machine"):
        ConnectionTest(True).ask({"url": url})


@pytest.mark.parametrize(
    "url",
    ["http://127.0.0.1:8000", "127.0.0.1:8000", "", "ws://", None, 7, "ws://127.0.0.1:99999", "ws://127.0.0.1:x", "ws://[::1"],
)  # fmt: skip
def test_what_is_no_address_is_one_line(url):
    with pytest.raises(InvalidInputError, match="not the address of a policy server"):
        ConnectionTest(True).ask({"url": url})


def test_visitors_of_a_public_page_name_no_address_at_all(monkeypatch):
    went = []
    monkeypatch.setattr(connection, "measure", lambda config: went.append(config.url) or {})
    public = ConnectionTest(False)
    assert not public.available
    for url in ("ws://127.0.0.1:8000", "ws://localhost:22", ""):
        with pytest.raises(InvalidInputError, match="only the server that this app was started with"):
            public.ask({"url": url})
    monkeypatch.setenv(SERVER_VARIABLE, "ws://robots.example:8000")
    assert public.available
    public.ask({"url": ""})
    with pytest.raises(InvalidInputError):
        public.ask({"url": "ws://127.0.0.1:8000"})
    assert went == ["ws://robots.example:8000"]


def test_one_test_runs_at_a_time(host, monkeypatch):  # noqa: F811
    begun, go_on = threading.Event(), threading.Event()

    def slow(config):
        begun.set()
        go_on.wait(10)
        return {}

    monkeypatch.setattr(connection, "measure", slow)
    test = ConnectionTest(True)
    running = threading.Thread(target=test.ask, args=[{"url": "ws://127.0.0.1:1"}])
    running.start()
    begun.wait(10)
    with pytest.raises(InvalidInputError, match="being tested already"):
        test.ask({"url": "ws://127.0.0.1:1"})
    go_on.set()
    running.join()
    assert test.ask({"url": "ws://127.0.0.1:1"}) == {}


def test_a_server_that_is_not_there_is_one_line():
    with pytest.raises(PolicyFault, match=r"no policy server at ws://127\.0\.0\.1:9"):
        ConnectionTest(True).ask({"url": "ws://127.0.0.1:9"})
