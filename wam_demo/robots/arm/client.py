"""The client of a bridge: one request at a time over a websocket, in one thread."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from wam_demo.errors import SourceFault
from wam_demo.limits import SERVER_MESSAGE_BYTES
from wam_demo.robots.arm.wire import ArmStatus, Mode, decode, encode
from wam_demo.types import Vector

OPEN_S, ANSWER_S = 3.0, 1.0
"""Longest wait for the connection and for an answer [s]."""
SLOW_ANSWER_S = 20.0
"""Longest wait for what touches the driver, e.g. connecting it [s]."""


class ArmRefusal(SourceFault):
    """The gate did not do it; ``reason`` is one of the wire's."""

    def __init__(self, reason: str, text: str) -> None:
        super().__init__(text)
        self.reason = reason


@dataclass(frozen=True)
class ArmAddress:
    """Where a bridge is and what it asks for: ``ws://127.0.0.1:port`` and its token."""

    url: str
    token: str


class Transport(Protocol):
    """Carries one request to a bridge and its answer back."""

    def exchange(self, request: bytes, timeout: float) -> bytes:
        """The answer; raises `SourceFault` when the bridge is gone."""

    def close(self) -> None:
        """Leave. Idempotent."""


class WebSocketTransport:
    """Over a websocket.

    Args:
        address: Of the bridge.

    Raises:
        SourceFault: It does not answer there, or the token is wrong.
    """

    def __init__(self, address: ArmAddress) -> None:
        try:
            self._connection: ClientConnection = connect(
                address.url,
                additional_headers={"Authorization": f"Bearer {address.token}"},
                open_timeout=OPEN_S,
                close_timeout=0.2,
                max_size=SERVER_MESSAGE_BYTES,
                compression=None,
                proxy=None,
            )
        except InvalidStatus as error:
            why = "the token is wrong" if error.response.status_code == 401 else f"it says {error.response.status_code}"
            raise SourceFault(f"the bridge at {address.url} refuses: {why}") from None
        except (OSError, TimeoutError, WebSocketException) as error:
            raise SourceFault(f"no bridge answers at {address.url}: {error}") from None

    def exchange(self, request: bytes, timeout: float) -> bytes:
        """The answer; raises `SourceFault`."""
        try:
            self._connection.send(request)
            answer = self._connection.recv(timeout=timeout)
        except (OSError, TimeoutError, WebSocketException) as error:
            self._connection.close()
            raise SourceFault(f"the bridge is gone: {str(error) or 'no answer'}") from None
        return answer if isinstance(answer, bytes) else b""

    def close(self) -> None:
        """Leave."""
        self._connection.close()


class ArmClient:
    """Speaks to a bridge; thread-safe, a context manager.

    Args:
        transport: Closed by `close`.
        clock: The machine's monotonic seconds, which the bridge shares.
    """

    def __init__(self, transport: Transport, clock: Callable[[], float] = time.monotonic) -> None:
        self.status = ArmStatus()
        self._transport, self._clock = transport, clock
        self._lock = threading.Lock()
        self._number = 0

    @classmethod
    def connect(cls, address: ArmAddress) -> Self:
        """A client of the bridge at an address; raises `SourceFault`."""
        return cls(WebSocketTransport(address))

    def ask(self, kind: str, timeout: float = ANSWER_S, **content: Any) -> dict[str, Any]:
        """One request and its answer.

        Raises:
            ArmRefusal: The gate does not do it.
            SourceFault: The bridge is gone, or is no bridge.
        """
        with self._lock:
            answer = decode(self._transport.exchange(encode({"kind": kind, **content}), timeout))
            self.status = ArmStatus.from_message(answer.get("status"))
        if "refused" in answer:
            raise ArmRefusal(str(answer["refused"]), str(answer.get("text", "")))
        return answer

    def arm(self, name: str, mode: Mode) -> None:
        """Take the lease and permit motion from the measured pose on."""
        self.ask("lease", name=name)
        self.ask("arm", mode=mode)
        self._number = 0

    def command(self, motion: Vector, commander: str = "policy") -> Vector:
        """A part of an action; returns the (7,) motion that is applied."""
        return self._numbered("command", motion=motion, commander=commander)["applied"]

    def step_home(self) -> ArmStatus:
        """One more step home, to be repeated every few hundredths of a second."""
        self._numbered("home", commander="person")
        return self.status

    def close(self) -> None:
        """Leave; if this client commanded, the arm comes to rest. Idempotent."""
        self._transport.close()

    def __enter__(self) -> ArmClient:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _numbered(self, kind: str, **content: Any) -> dict[str, Any]:
        self._number += 1
        return self.ask(kind, number=self._number, epoch=self.status.epoch, sent=self._clock(), **content)
