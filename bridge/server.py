"""The bridge's websocket on loopback: a token, an answer to each request; a client that is gone commands no more."""

from __future__ import annotations

import asyncio
import hmac
import http
import threading
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count

from websockets.asyncio.server import ServerConnection, serve
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosed
from websockets.http11 import Request, Response

from bridge.arm import Arm
from bridge.command import Refusal
from wam_demo.robots.arm.wire import InvalidInputError, decode, encode

HOST = "127.0.0.1"
"""An arm is never opened to a network."""
MESSAGE_BYTES = 2**16
"""Largest request."""
CLIENTS = 16
PING_S = 1.0
"""A client that answers no ping for this long is gone."""


class ArmServer:
    """Serves one arm from an event loop on a thread of its own; a context manager.

    Args:
        arm: Is asked; its control thread runs elsewhere.
        token: Every client has to know it.
        port: 0 takes a free one.

    Raises:
        OSError: It cannot listen there.
    """

    def __init__(self, arm: Arm, token: str, port: int = 0) -> None:
        self._arm, self._token, self.port = arm, token, port
        self._numbers = count(1)
        self._clients = 0
        self._loop = asyncio.new_event_loop()
        self._stop = asyncio.Event()
        self._ready = threading.Event()
        self._error: Exception | None = None
        self._thread = threading.Thread(target=self._run, name="arm-server", daemon=True)
        self._thread.start()
        self._ready.wait()
        if self._error is not None:
            raise self._error

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"ws://{HOST}:{self.port}"

    def close(self) -> None:
        """Say goodbye to everybody and stop. Idempotent."""
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(timeout=5.0)

    def __enter__(self) -> ArmServer:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _run(self) -> None:
        try:
            with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
                runner.run(self._serve())
        except Exception as error:
            self._error = error
        finally:
            self._ready.set()

    async def _serve(self) -> None:
        async with serve(
            self._attend,
            HOST,
            self.port,
            process_request=self._admit,
            origins=[None],  # pages in a browser send an origin; they command through the app alone
            compression=None,
            max_size=MESSAGE_BYTES,
            max_queue=4,
            ping_interval=PING_S,
            ping_timeout=PING_S,
            close_timeout=0.2,
            server_header=None,
        ) as server:
            self.port = next(iter(server.sockets)).getsockname()[1]
            self._ready.set()
            await self._stop.wait()

    def _admit(self, connection: ServerConnection, request: Request) -> Response | None:
        if not _is_authorised(request.headers, self._token):
            return connection.respond(http.HTTPStatus.UNAUTHORIZED, "a valid token is needed\n")
        if self._clients >= CLIENTS:
            return connection.respond(http.HTTPStatus.SERVICE_UNAVAILABLE, "too many clients\n")
        return None

    async def _attend(self, connection: ServerConnection) -> None:
        client = next(self._numbers)
        self._clients += 1
        try:
            async for message in connection:
                await connection.send(await self._answer(client, message))
        except ConnectionClosed:
            pass
        finally:
            self._clients -= 1
            self._arm.leave(client)

    async def _answer(self, client: int, message: bytes | str) -> bytes:
        try:
            request = decode(message if isinstance(message, bytes) else b"")
        except InvalidInputError as error:
            request = {"kind": "", "error": str(error)}
        answer = self._arm.answer(client, request)
        if isinstance(answer, Future):
            try:
                await asyncio.wrap_future(answer)
                answer = {"status": self._arm.status().message()}
            except Refusal as refusal:
                status = self._arm.status().message()
                answer = {"refused": refusal.reason, "text": str(refusal), "status": status}
        return encode(answer)


def _is_authorised(headers: Headers, token: str) -> bool:
    given = ", ".join(headers.get_all("Authorization"))
    return hmac.compare_digest(given.encode(), f"Bearer {token}".encode())


def serve_arm(arm: Arm, token: str, port: int, ready: Callable[[str], None], stopping: Callable[[], bool]) -> None:
    """Serve and drive until ``stopping``; the control loop runs in the caller's thread.

    Args:
        ready: Told the address.
    """
    with ArmServer(arm, token, port) as server:
        ready(server.url)
        arm.run(stopping)
