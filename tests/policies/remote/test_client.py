"""The client against our own server, servers of another make, and broken ones."""

import threading
import time

import numpy as np
import pytest
from websockets.sync.server import serve

from tests.fakes.policies import FakePolicy
from tests.fakes.robots import seen
from wam_demo.errors import InvalidInputError, PolicyBusy, PolicyFault
from wam_demo.policies.engine import EngineConfig, InferenceEngine
from wam_demo.policies.registry import load_policy, require_policy
from wam_demo.policies.remote import settings
from wam_demo.policies.remote.client import CUT, PROTOCOL, RemoteConfig, RemotePolicy
from wam_demo.wire import decode, encode


@pytest.fixture
def remote():
    opened = []

    def open_policy(url, **options):
        opened.append(RemotePolicy(RemoteConfig(url, **options)))
        return opened[-1]

    yield open_policy
    for policy in opened:
        policy.close()


@pytest.fixture
def foreign():
    """A policy server of another make: calls ``answer(observation)`` for what to send."""
    servers = []

    def start(answer, greeting=None):
        def attend(connection):
            connection.send(encode(greeting or {}))
            for received in connection:
                connection.send(answer(decode(received)))

        servers.append(serve(attend, "127.0.0.1", 0, compression=None))
        threading.Thread(target=servers[-1].serve_forever, daemon=True).start()
        return f"ws://127.0.0.1:{servers[-1].socket.getsockname()[1]}"

    yield start
    for server in servers:
        server.shutdown()


def test_a_batch_is_a_batch_on_the_server_too(host, remote):
    policy = FakePolicy(delay_s=0.02)
    ours = remote(host(policy, EngineConfig(gather_s=0.05)).url)
    predictions = ours.predict([seen() for _ in range(8)], seeds=list(range(8)))
    assert [p.chunk.actions.shape for p in predictions] == [(16, 7)] * 8
    assert sum(policy.batches) == 8
    assert len(policy.batches) < 4  # the first request may not wait for the others
    assert sorted(policy.seeds) == list(range(8))
    assert predictions[0].timing_ms["policy_call"] >= predictions[0].timing_ms["infer_ms"] > 0
    assert len(ours.predict([seen() for _ in range(11)], [0] * 11)) == 11


def test_an_engine_over_a_remote_policy_answers(host, remote):
    engine = InferenceEngine(remote(host().url))
    assert engine.submit(seen(), seed=3).result(5).chunk.actions.shape == (16, 7)
    engine.close()


def test_what_the_server_refuses_is_said_and_the_next_request_works(host, remote):
    policy = remote(host().url)
    with pytest.raises(InvalidInputError, match="too long"):
        policy.predict([seen(), seen("refuse")], [0] * 2)
    with pytest.raises(PolicyFault, match="not finite"):
        policy.predict([seen("nan")], [0])
    with pytest.raises(InvalidInputError, match="no 'wrist' image"):
        observation = seen()
        policy.predict([type(observation)({"front": observation.images["front"]}, observation.state, "go", 0.0)], [0])
    assert len(policy.predict([seen()], [0])) == 1


def test_a_server_that_comes_back_is_found_again(host, remote):
    first = host()
    policy = remote(first.url)
    first.close()
    with pytest.raises(PolicyFault, match="lost"):
        policy.predict([seen()], [0])
    with pytest.raises(PolicyFault, match="no policy server at"):
        policy.predict([seen()], [0])
    host_again = host  # the same port is free again
    host_again()
    policy.config = RemoteConfig(host_again().url)
    assert len(policy.predict([seen()], [0])) == 1


def test_a_wrong_token_is_said(host, remote):
    server = host(token="right")
    with pytest.raises(PolicyFault, match="wants a valid token"):
        remote(server.url)
    assert remote(server.url, token="right").metadata["policy"] == "fake"


def test_a_server_of_another_make_gets_its_own_keys(foreign, remote):
    asked = []

    def answer(observation):
        asked.append(observation)
        actions = np.zeros((10, 7))
        actions[:, 2] = 0.1
        return encode({"actions": actions, "server_timing": {"infer_ms": 5.0}})

    (prediction,) = remote(foreign(answer)).predict([seen()], seeds=[1])
    assert set(asked[0]) == {"observation/image", "observation/wrist_image", "observation/state", "prompt"}
    assert asked[0]["observation/state"].shape == (8,)
    np.testing.assert_allclose(prediction.chunk.actions[:5, 2], 0.01, atol=1e-6)
    assert not prediction.attention


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda o: "Traceback (most recent call last):\n  File x\nKeyError: 'state'", "answered: KeyError: 'state'$"),
        (lambda o: b"\xc1", "unusable answer"),
        (lambda o: encode({"action": 1}), "no 'actions' array"),
        (lambda o: encode({"actions": np.full((10, 7), np.inf)}), "not finite"),
        (lambda o: encode({"actions": np.zeros((10, 3))}), "shape"),
        (lambda o: time.sleep(0.5) or b"", "did not answer in 0.2 s"),
    ],
)
def test_an_unusable_answer_is_a_fault_and_the_next_request_starts_clean(foreign, remote, answer, words):
    answers = [answer, lambda o: encode({"actions": np.zeros((10, 7))})]
    policy = remote(foreign(lambda o: answers.pop(0)(o)), answer_s=0.2)
    with pytest.raises(PolicyFault, match=words):
        policy.predict([seen()], [0])
    assert policy.predict([seen()], [0])[0].chunk.actions.shape == (16, 7)


@pytest.mark.parametrize("answer", [lambda o: "PolicyBusy: no answer after 2000 ms", lambda o: time.sleep(0.5) or b""])
def test_a_server_that_is_busy_or_late_is_not_at_fault(foreign, remote, answer):
    policy = remote(foreign(answer), answer_s=0.2)
    with pytest.raises(PolicyBusy, match="answer"):
        policy.predict([seen()], [0])


def test_steps_that_were_cut_are_said_with_the_plan(foreign, remote):
    policy = remote(foreign(lambda o: encode({"actions": np.full((10, 7), 1.0)})))
    assert policy.predict([seen()], [0])[0].panels[CUT].values == {"steps": 5}


@pytest.mark.parametrize("panels", [{"x": {"kind": "bnd"}}, [1], {"x" * 99: {}}])
def test_panels_that_are_none_are_a_fault(foreign, remote, panels):
    answer = {"actions": np.zeros((16, 7)), "panels": panels}
    policy = remote(foreign(lambda o: encode(answer), {"protocol": PROTOCOL}))
    with pytest.raises(PolicyFault, match="panels are not usable"):
        policy.predict([seen()], [0])


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:8000", "ws://", "file:///etc/passwd", ""])
def test_an_address_that_is_none_is_refused(url, monkeypatch):
    monkeypatch.setenv(settings.SERVER_VARIABLE, "ws://kept:1")
    with pytest.raises(InvalidInputError, match="not the address of a policy server"):
        settings.use_server(url)
    assert settings.remote_config().url == "ws://kept:1"


def test_the_environment_names_the_server(host, monkeypatch):
    monkeypatch.delenv(settings.SERVER_VARIABLE, raising=False)
    with pytest.raises(InvalidInputError, match="WAM_DEMO_SERVER"):
        require_policy("remote")
    monkeypatch.setenv(settings.SERVER_VARIABLE, host(token="t").url)
    monkeypatch.setenv(settings.TOKEN_VARIABLE, "t")
    require_policy("remote")
    policy = load_policy("remote")
    assert policy.predict([seen()], [0])[0].chunk.actions.shape == (16, 7)
    policy.close()
