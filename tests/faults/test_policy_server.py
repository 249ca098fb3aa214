"""Clients that misbehave get one line or are dropped; the others go on."""

import socket
import struct
import time
from contextlib import suppress

import msgpack
import numpy as np
import psutil
import pytest
from websockets.exceptions import ConnectionClosed

from tests.fakes.policies import FakePolicy
from tests.fakes.robots import message
from tests.fakes.waiting import eventually
from tests.policies.remote.conftest import dial, host  # noqa: F401
from wam_demo.policies.engine import EngineConfig
from wam_demo.wire import decode, encode


def works(connection) -> bool:
    connection.send(encode(message()))
    return decode(connection.recv(timeout=5))["actions"].shape == (16, 7)


@pytest.fixture
def pair(host, dial):  # noqa: F811
    """A server, a client that will misbehave and one that will not."""
    server = host(send_s=0.5)
    bad, good = dial(server), dial(server)
    bad.recv(), good.recv()
    return server, bad, good


def with_array(**changes) -> bytes:
    entry = {b"__ndarray__": True, b"data": bytes(68), b"dtype": "<f4", b"shape": (17,)}
    entry |= {key.encode(): value for key, value in changes.items()}
    plain = {"prompt": "go", "observation/state": entry}
    return msgpack.packb(plain)


def with_state(index: int, value: float) -> bytes:
    state = np.zeros(17, np.float32)
    state[index] = value
    return encode(message(observation__state=state))


def from_droid(joints, closed: float) -> bytes:
    changes = {"observation__joint_position": joints, "observation__gripper_position": np.array([closed])}
    return encode(message(observation__state=None, **changes))


@pytest.mark.parametrize(
    ("sent", "words"),
    [
        (with_array(dtype="|O"), "InvalidInputError: arrays of type '|O'"),
        (with_array(shape=(-17,)), "InvalidInputError: an array has the shape [-17]"),
        (with_array(shape=(2**62, 2**62)), "InvalidInputError: an array of shape"),
        (
            encode(message(observation__state=np.full(17, np.nan))),
            "InvalidInputError: 'observation/state' holds",
        ),
        (with_state(0, 1e38), "InvalidInputError: 'observation/state' holds 1e+38 as TCP position [m]; at most 10"),
        (with_state(4, 2.0), "InvalidInputError: 'observation/state' holds 2 as TCP rotation"),
        (with_state(9, 100.0), "InvalidInputError: 'observation/state' holds 100 as gripper opening"),
        (with_state(12, 90.0), "InvalidInputError: 'observation/state' holds 90 as joint angles [rad]"),
        (from_droid(np.full(7, 1e9), 0.0), "InvalidInputError: 'observation/joint_position' holds 1e+09"),
        (from_droid(np.zeros(7), 255.0), "InvalidInputError: 'observation/gripper_position' holds 255"),
        (encode(message(observation__sate=1)), "InvalidInputError: unknown observation key"),
        (encode({}), "InvalidInputError: the observation has no 'observation/image'"),
        (b"", "InvalidInputError: the message is not msgpack"),
        ("hello", "InvalidInputError: the message is text"),
        (encode(message(prompt="refuse")), "InvalidInputError: the instruction is too long"),
        (encode(message(prompt="nan")), "PolicyFault: the plan holds values that are not finite"),
        (encode(message(prompt="raise")), "PolicyFault: the policy failed: RuntimeError"),
    ],
)
def test_bad_content_gets_one_typed_line_and_the_connection_goes_on(pair, sent, words):
    _, bad, good = pair
    bad.send(sent)
    answer = bad.recv(timeout=5)
    assert isinstance(answer, str)
    assert answer.startswith(words)
    assert "\n" not in answer
    assert "Traceback" not in answer
    assert works(bad)
    assert works(good)


def test_a_message_over_the_limit_is_cut_off_before_it_is_read(pair):
    server, bad, good = pair
    before = psutil.Process().memory_info().rss
    frame = b"\x82\xff" + struct.pack(">Q", 2**30) + bytes(4)  # announces one GiB
    with pytest.raises((ConnectionClosed, OSError)):
        bad.socket.sendall(frame + bytes(2**16))
        for _ in range(2**14):
            bad.socket.sendall(bytes(2**16))
            time.sleep(0.001)
        bad.recv(timeout=5)
    assert psutil.Process().memory_info().rss - before < 50 * 2**20
    assert works(good)
    eventually_alone(server)


def test_many_small_frames_do_not_add_up_to_a_large_message(pair):
    server, bad, good = pair
    with pytest.raises(ConnectionClosed, match="1009"):
        bad.send(bytes(2**20) for _ in range(17))
        bad.recv(timeout=5)
    assert works(good)
    eventually_alone(server)


def test_a_client_that_stops_reading_is_dropped(host, dial):  # noqa: F811
    server = host(BulkyPolicy(), send_s=0.5)
    good = dial(server)
    good.recv()
    deaf = handshake(server.port)
    request = masked(encode(message()))
    deaf.settimeout(0.2)
    began = time.monotonic()
    while server.clients == 2 and time.monotonic() - began < 20:
        try:
            deaf.sendall(request)
        except OSError:
            time.sleep(0.05)
    assert server.clients == 1
    deaf.close()
    assert works(good)


class BulkyPolicy(FakePolicy):
    """Answers with so much attention that nobody can leave it on the wire."""

    def _answer(self, item):
        from dataclasses import replace

        return replace(super()._answer(item), attention={"front": np.zeros((400, 400), np.float32)})


def test_half_a_handshake_holds_nobody_up(host, dial):  # noqa: F811
    server = host()
    with socket.create_connection(("127.0.0.1", server.port)) as mute:
        mute.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n")
        good = dial(server)
        good.recv()
        assert works(good)


def test_a_client_that_vanishes_before_its_answer_does_no_harm(host, dial):  # noqa: F811
    policy = FakePolicy(delay_s=0.2)
    server = host(policy)
    rude, good = dial(server), dial(server)
    rude.recv(), good.recv()
    rude.send(encode(message()))
    rude.socket.close()
    assert works(good)
    eventually_alone(server)


def test_more_clients_than_places_are_turned_away(host, dial):  # noqa: F811
    server = host(clients=2)
    kept = [dial(server), dial(server)]
    for connection in kept:
        connection.recv()
    with pytest.raises(Exception, match="503"):
        dial(server)
    assert all(works(connection) for connection in kept)
    kept[0].close()
    eventually_alone(server)
    dial(server).recv()


def test_a_policy_that_hangs_gives_a_fault_in_time(host, dial):  # noqa: F811
    policy = FakePolicy()
    server = host(policy, EngineConfig(act_timeout_s=0.3))
    connection = dial(server)
    connection.recv()
    connection.send(encode(message(prompt="slow")))
    assert connection.recv(timeout=3).startswith("PolicyBusy: no answer after")
    policy.release.set()
    assert works(connection)


PING = b"\x89\x84" + bytes(4) + b"ping"


def test_a_flood_of_pings_fills_neither_the_log_nor_memory(host, dial, caplog):  # noqa: F811
    """Nobody reads the pongs, and then nobody is there."""
    server = host()
    good = dial(server)
    good.recv()
    flooding = handshake(server.port)
    flooding.settimeout(0.5)
    before = psutil.Process().memory_info().rss
    with suppress(OSError):  # the server stops taking them, or drops us
        for _ in range(400):
            flooding.sendall(PING * 20_000)
    flooding.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # vanish: the next write fails
    flooding.close()
    assert works(good)
    eventually_alone(server)
    assert psutil.Process().memory_info().rss - before < 100 * 2**20
    assert len(caplog.records) < 10


def test_a_ping_gets_its_pong_between_two_answers(host, dial):  # noqa: F811
    connection = dial(host())
    connection.recv()
    assert connection.ping().wait(5)
    assert works(connection)


def eventually_alone(server) -> None:
    """The misbehaving client has lost its place."""
    eventually(lambda: server.clients <= 1)


def handshake(port: int) -> socket.socket:
    """A raw websocket whose answers nobody reads."""
    raw = socket.create_connection(("127.0.0.1", port))
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    raw.sendall(
        b"GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
    )
    assert b"101" in raw.recv(64)
    return raw


def masked(payload: bytes) -> bytes:
    """A binary frame from a client, masked with zeros."""
    return b"\x82\xff" + struct.pack(">Q", len(payload)) + bytes(4) + payload
