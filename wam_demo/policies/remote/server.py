"""A policy for robots on the network: openpi's websocket protocol in front of the batching engine."""

from __future__ import annotations

import asyncio
import hmac
import http
import logging
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from wam_demo.errors import InvalidInputError, PolicyFault, WamDemoError
from wam_demo.limits import SERVER_CLIENTS, SERVER_MESSAGE_BYTES, SERVER_SEND_S, SERVER_UNREAD_BYTES
from wam_demo.policies.engine import InferenceEngine
from wam_demo.policies.panels import encode_panels
from wam_demo.policies.remote.keys import seed_of, to_observation
from wam_demo.types import Prediction
from wam_demo.wire import decode, encode

HEALTH_PATH = "/healthz"
AUTHORIZATION = "Api-Key"
"""Scheme of the ``Authorization`` header, as openpi's client sends it."""
LOOPBACK = ("127.0.0.1", "::1", "localhost")
CLOSE_S = 2.0
ACTIVE_S = 1.0
INLINE_BYTES = 2**20
"""Larger messages are decoded off the event loop."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class ServerConfig:
    """Where a policy server listens and what it puts up with.

    Attributes:
        host: Address; other machines reach it only at another one than the default.
        port: 0 takes a free one.
        token: What clients must send; needed on any address that is not this machine's own.
        clients: Connections at a time.
        message_bytes: Largest message.
        send_s: A client that has not taken an answer for this long is dropped [s].
        metadata: Sent to every client when it connects, and added to.
    """

    host: str = "127.0.0.1"
    port: int = 8000
    token: str | None = field(default=None, repr=False)
    clients: int = SERVER_CLIENTS
    message_bytes: int = SERVER_MESSAGE_BYTES
    send_s: float = SERVER_SEND_S
    metadata: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.host not in LOOPBACK and not self.token:
            raise InvalidInputError(f"{self.host!r} opens the server to the network: that needs a token")


class PolicyServer:
    """Answers robots over websockets, from an event loop on a thread of its own.

    A connection gets the metadata first, then one answer to each observation, in order. What
    cannot be answered gets one line of text, ``<type>: <what is wrong>``, and the connection goes
    on. Use it as a context manager, or call `close`.

    Args:
        engine: Plans; requests of several clients become one batch. Stays open on `close`.
        config: Address and limits.

    Raises:
        InvalidInputError: It cannot listen there.
    """

    def __init__(self, engine: InferenceEngine, config: ServerConfig | None = None) -> None:
        self._engine = engine
        self.config = config or ServerConfig()
        self._greeting = encode(dict(self.config.metadata))
        self._clients: dict[ServerConnection, float] = {}  # when each asked last, `time.monotonic`
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._ended = threading.Event()  # an interrupt in `Thread.join` makes a thread that runs look ended
        self._fault: Exception | None = None
        self.port = self.config.port
        self._thread = threading.Thread(target=self._run, name="policy-server", daemon=True)
        engine.expect(lambda: self.active)
        self._thread.start()
        self._ready.wait()
        if self._fault is not None:
            place, reason = f"{self.config.host}:{self.config.port}", getattr(self._fault, "strerror", self._fault)
            raise InvalidInputError(f"cannot listen on {place}: {reason}") from self._fault

    @property
    def url(self) -> str:
        """Where robots connect."""
        host = f"[{self.config.host}]" if ":" in self.config.host else self.config.host
        return f"ws://{host}:{self.port}"

    @property
    def clients(self) -> int:
        """Robots connected now."""
        return len(self._clients)

    @property
    def active(self) -> int:
        """Robots that have asked within the last second: so many may be in the next batch."""
        since = time.monotonic() - ACTIVE_S
        return sum(asked >= since for asked in list(self._clients.values()))

    def wait(self) -> None:
        """Block until the server is closed from elsewhere."""
        self._ended.wait()

    def close(self) -> None:
        """Say goodbye to every client and stop. Idempotent."""
        with suppress(RuntimeError):  # the loop has ended already
            self._loop.call_soon_threadsafe(self._stop.set)
        if self._ended.wait(timeout=5.0):
            self._thread.join(timeout=1.0)

    def __enter__(self) -> PolicyServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # The event loop

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except Exception as error:
            self._fault = error
        finally:
            self._ended.set()
            self._ready.set()

    async def _serve(self) -> None:
        server: Server = await serve(
            self._attend,
            self.config.host,
            self.config.port,
            process_request=self._admit,
            origins=[None],  # pages in a browser send an origin; a robot does not
            compression=None,
            max_size=self.config.message_bytes,
            max_queue=1,
            close_timeout=CLOSE_S,
            server_header=None,
            create_connection=_Connection,
            logger=_log,
        )
        async with server:
            self.port = server.sockets[0].getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        """Answer health checks and turn away who has no token or no place."""
        if request.path == HEALTH_PATH:
            return connection.respond(http.HTTPStatus.OK, "OK\n")
        if not self._is_authorised(request):
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "a valid token is needed\n")
        if len(self._clients) >= self.config.clients:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    def _is_authorised(self, request: Request) -> bool:
        if self.config.token is None:
            return True
        given = ", ".join(request.headers.get_all("Authorization"))
        return hmac.compare_digest(given.encode(), f"{AUTHORIZATION} {self.config.token}".encode())

    async def _attend(self, connection: ServerConnection) -> None:
        """One client, from greeting to goodbye."""
        began, total_ms = time.monotonic(), None
        self._clients[connection] = began - ACTIVE_S
        try:
            await self._send(connection, self._greeting)
            async for message in connection:
                self._clients[connection] = received = time.monotonic()
                await self._send(connection, await self._answer(message, received - began, total_ms))
                total_ms = 1e3 * (time.monotonic() - received)
        except (ConnectionClosed, _StoppedReading):
            pass
        finally:
            del self._clients[connection]

    async def _send(self, connection: ServerConnection, data: bytes | str) -> None:
        try:
            await asyncio.wait_for(connection.send(data), self.config.send_s)
        except TimeoutError:
            _log.warning("a client stopped reading and is dropped")
            connection.transport.abort()
            raise _StoppedReading from None

    async def _answer(self, message: bytes | str, time_s: float, total_ms: float | None) -> bytes | str:
        """The plan as bytes, or what is wrong as one line of text."""
        try:
            if isinstance(message, str):
                raise InvalidInputError("the message is text, expected msgpack bytes")
            read = _read if len(message) < INLINE_BYTES else _read_elsewhere
            observation, seed = await read(message, time_s)
            asked = time.monotonic()
            prediction = await asyncio.wrap_future(self._engine.submit(observation, seed=seed))
            timing = {"infer_ms": 1e3 * (time.monotonic() - asked)}
            return encode(_answer(prediction, timing if total_ms is None else {**timing, "prev_total_ms": total_ms}))
        except WamDemoError as error:
            return error_line(error)
        except Exception:
            _log.exception("policy server")
            return error_line(PolicyFault("the server failed to answer; its log says why"))


class _Connection(ServerConnection):
    """A client that takes no answers, not even to its pings, fills neither memory nor log."""

    def send_data(self) -> None:
        """Everything that is to be sent as one write, which fails once where nobody is left."""
        outgoing = self.protocol.data_to_send()
        if self.transport.is_closing():
            return
        if data := b"".join(outgoing):
            self.transport.write(data)
        if b"" in outgoing and self.transport.can_write_eof():
            with suppress(OSError):
                self.transport.write_eof()
        if self.transport.get_write_buffer_size() > SERVER_UNREAD_BYTES:
            _log.warning("a client takes no answers and is dropped")
            self.transport.abort()


class _StoppedReading(Exception):
    """A client did not take its answer in time."""


def error_line(error: WamDemoError) -> str:
    """What a client is told: the kind of the error and its line."""
    kind = InvalidInputError if isinstance(error, InvalidInputError) else type(error)
    return f"{kind.__name__}: {' '.join(str(error).split())}"


async def _read(message: bytes, time_s: float) -> tuple[Any, int | None]:
    return _decoded(message, time_s)


async def _read_elsewhere(message: bytes, time_s: float) -> tuple[Any, int | None]:
    return await asyncio.to_thread(_decoded, message, time_s)


def _decoded(message: bytes, time_s: float) -> tuple[Any, int | None]:
    content = decode(message)
    return to_observation(content, time_s), seed_of(content)


def _answer(prediction: Prediction, timing: Mapping[str, float]) -> dict[str, Any]:
    """openpi's action dictionary, where the action head looked, and whatever else the policy shows."""
    return {
        "actions": prediction.chunk.actions,
        "attention": dict(prediction.attention),
        "attention_mass": dict(prediction.attention_mass),
        "panels": encode_panels(prediction.panels),
        "policy_timing": {name: float(value) for name, value in prediction.timing_ms.items()},
        "server_timing": dict(timing),
    }
