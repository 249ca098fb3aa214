"""The server as a robot sees it: greeting, answers, tokens, batches."""

import threading
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from websockets.exceptions import InvalidStatus

from tests.fakes.policies import FakePolicy
from tests.fakes.robots import message
from wam_demo.errors import InvalidInputError
from wam_demo.policies.engine import EngineConfig
from wam_demo.policies.remote.server import PolicyServer, ServerConfig
from wam_demo.wire import decode, encode


def ask(connection, **changes):
    connection.send(encode(message(**changes)))
    return connection.recv(timeout=5)


def test_metadata_come_first_then_an_answer_to_each_observation(host, dial):
    connection = dial(host())
    greeting = decode(connection.recv(timeout=5))
    assert (greeting["protocol"], greeting["action_horizon"], greeting["control_hz"]) == ("wam_demo/1", 16, 10)
    first = decode(ask(connection))
    assert first["actions"].shape == (16, 7)
    assert first["actions"].dtype == np.float32
    assert first["server_timing"]["infer_ms"] > 0
    assert decode(ask(connection))["server_timing"]["prev_total_ms"] > 0


def test_health(host):
    server = host()
    with urllib.request.urlopen(f"http{server.url[2:]}/healthz", timeout=5) as answer:
        assert (answer.status, answer.read()) == (200, b"OK\n")
    with pytest.raises(urllib.error.HTTPError, match="426"):
        urllib.request.urlopen(f"http{server.url[2:]}/", timeout=5)


@pytest.mark.parametrize(
    "header", [None, "Api-Key wrong", "Bearer right", "Api-Key right, Api-Key right", "Api-Key rïght"]
)
def test_without_the_token_nobody_gets_in(host, dial, header):
    server = host(token="right")
    with pytest.raises(InvalidStatus, match="401"):
        dial(server, additional_headers={"Authorization": header} if header else None)
    assert "wam_demo" in decode(dial(server, additional_headers={"Authorization": "Api-Key right"}).recv())["protocol"]


def test_a_page_in_a_browser_cannot_connect(host, dial):
    with pytest.raises(InvalidStatus, match="403"):
        dial(host(), origin="http://evil.example")


def test_an_address_open_to_the_network_needs_a_token():
    with pytest.raises(InvalidInputError, match="needs a token"):
        ServerConfig("0.0.0.0")
    assert "secret" not in repr(ServerConfig("0.0.0.0", token="secret"))


def test_a_port_that_is_taken_is_one_line(host):
    server = host()
    with pytest.raises(InvalidInputError, match=f"cannot listen on 127.0.0.1:{server.port}: "):
        PolicyServer(server._engine, ServerConfig(port=server.port))


def test_requests_of_several_clients_are_one_batch(host, dial):
    policy = FakePolicy(delay_s=0.05)
    server = host(policy, EngineConfig(gather_s=0.05))
    connections = [dial(server) for _ in range(8)]
    for connection in connections:
        connection.recv()
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            list(pool.map(ask, connections))
    assert max(policy.batches) == 8
    assert len(policy.batches) <= 9


def test_answers_belong_to_their_clients(host, dial):
    server = host(EchoPolicy())
    connections = [dial(server) for _ in range(6)]
    for connection in connections:
        connection.recv()

    def states(index):
        values = [index + k / 10 for k in range(5)]
        answers = [
            decode(ask(connections[index], observation__state=v * np.eye(17, dtype=np.float32)[0])) for v in values
        ]
        return [float(a["actions"][0, 0]) for a in answers] == pytest.approx(values)

    with ThreadPoolExecutor(6) as pool:
        assert all(pool.map(states, range(6)))


class EchoPolicy(FakePolicy):
    """Plans the first number of the state."""

    def _answer(self, item):
        from tests.fakes.policies import prediction

        return prediction(float(item.state[0]))


def test_the_seed_of_a_request_reaches_the_policy(host, dial):
    policy = FakePolicy()
    connection = dial(host(policy))
    connection.recv()
    ask(connection, seed=1234)
    assert policy.seeds == [1234]


def test_a_slow_policy_does_not_stop_the_health_check(host, dial):
    policy = FakePolicy()
    server = host(policy)
    connection = dial(server)
    connection.recv()
    connection.send(encode(message(prompt="slow")))
    with urllib.request.urlopen(f"http{server.url[2:]}/healthz", timeout=1) as answer:
        assert answer.status == 200
    policy.release.set()
    assert decode(connection.recv(timeout=5))["actions"].shape == (16, 7)


def test_close_ends_thread_and_connections(host, dial):
    server = host()
    connection = dial(server)
    connection.recv()
    server.close()
    server.close()
    assert not [t for t in threading.enumerate() if t.name == "policy-server" and t.is_alive()]
    with pytest.raises(Exception, match="1001"):
        connection.recv(timeout=2)
    assert server.clients == 0
