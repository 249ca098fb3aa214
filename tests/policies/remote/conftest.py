"""A policy server over a fake policy, and plain websocket clients."""

from collections.abc import Callable, Iterator

import pytest
from websockets.sync.client import connect

from tests.fakes.policies import FakePolicy
from wam_demo.policies.engine import EngineConfig, InferenceEngine
from wam_demo.policies.registry import PolicySpec
from wam_demo.policies.remote.hosting import metadata
from wam_demo.policies.remote.server import PolicyServer, ServerConfig

FAKE = PolicySpec("fake", "Fake", "It has no weights.", load=lambda context: FakePolicy())


@pytest.fixture
def host() -> Iterator[Callable]:
    """Start a server over a policy; keyword arguments are those of `ServerConfig`."""
    opened = []

    def start(policy=None, engine: EngineConfig | None = None, **options) -> PolicyServer:
        policy = policy or FakePolicy()
        running = InferenceEngine(policy, engine)
        opened.append(running)
        options = {"metadata": metadata(FAKE), **options}
        opened.append(PolicyServer(running, ServerConfig(port=0, **options)))
        return opened[-1]

    yield start
    for thing in reversed(opened):
        thing.close()


@pytest.fixture
def dial() -> Iterator[Callable]:
    """Open a websocket to a server; keyword arguments are those of `connect`."""
    opened = []

    def call(server: PolicyServer, **options):
        opened.append(connect(server.url, compression=None, proxy=None, close_timeout=0.2, **options))
        return opened[-1]

    yield call
    for connection in opened:
        connection.close()
