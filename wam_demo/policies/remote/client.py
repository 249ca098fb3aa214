"""Any openpi policy server as a policy of ours."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from websockets.exceptions import InvalidStatus, WebSocketException
from websockets.sync.client import ClientConnection, connect

from wam_demo.errors import InvalidInputError, PolicyBusy, PolicyFault
from wam_demo.limits import SERVER_ANSWER_S, SERVER_MESSAGE_BYTES
from wam_demo.policies.panels import decode_panels
from wam_demo.policies.remote.conventions import Convention, convention
from wam_demo.policies.remote.keys import SEED
from wam_demo.policies.remote.server import AUTHORIZATION
from wam_demo.types import POLICY_CAMERAS, ActionChunk, Observation, Panel, Policy, Prediction, Scalars
from wam_demo.wire import decode, encode

PROTOCOL = "wam_demo/1"
"""What our own server says in its metadata; any other server is spoken to as its convention asks."""
CONNECTIONS = 8
"""Observations under way at a time, each on a connection of its own, so that the server can batch them."""
CONNECT_S = 5.0
CUT = "Cut to what one step may do"
"""Title of the panel that says how many steps of a server's plan are larger than our arm's."""


@dataclass(frozen=True)
class RemoteConfig:
    """Which policy server to use; a matter of the operator, never of a visitor.

    Attributes:
        url: ``ws://host:port`` or ``wss://...``.
        token: Sent as the server's API key, if it wants one.
        convention: How to talk to a server that is not ours: ``libero`` or ``droid``.
        answer_s: Longest wait for a plan [s].
    """

    url: str
    token: str | None = field(default=None, repr=False)
    convention: str = "libero"
    answer_s: float = SERVER_ANSWER_S

    def __post_init__(self) -> None:
        try:
            parts = urlsplit(self.url)
            usable = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
        except ValueError:  # a port that is none, or half an IPv6 address
            usable = False
        if not usable:
            raise InvalidInputError(f"{self.url[:100]!r} is not the address of a policy server: ws://host:port")
        convention(self.convention)


class RemotePolicy(Policy):
    """Asks a policy server; to be called from one thread at a time.

    Args:
        config: Which server. It must be there already: its metadata say what it is.

    Raises:
        PolicyFault: The server cannot be reached or does not speak the protocol.
    """

    def __init__(self, config: RemoteConfig) -> None:
        self.config = config
        self._idle: list[ClientConnection] = []
        connection, self.metadata = self._connect()
        self._idle.append(connection)
        self._is_ours = self.metadata.get("protocol") == PROTOCOL
        self._convention: Convention = convention("wam" if self._is_ours else config.convention)
        digest = self.metadata.get("checkpoint_sha256")
        self.checkpoint_sha256: str | None = digest if isinstance(digest, str) else None
        self.tasks: tuple[str, ...] = tuple(self.metadata.get("tasks", ())) if self._is_ours else ()

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation.

        Args:
            observations: Any number; up to `CONNECTIONS` are under way at a time.
            seeds: Noise seed of each; heeded by our own server only.

        Raises:
            InvalidInputError: The server refuses an observation.
            PolicyBusy: It is late.
            PolicyFault: It cannot be reached, or its answer is not usable.
        """
        predictions: list[Prediction] = []
        for start in range(0, len(observations), CONNECTIONS):
            part = observations[start : start + CONNECTIONS]
            own_seeds = seeds[start : start + CONNECTIONS] if self._is_ours else [None] * len(part)
            requests = [self._request(o, seed) for o, seed in zip(part, own_seeds, strict=True)]
            answers = self._exchange(requests)
            predictions += [self._prediction(a, o, ms) for (a, ms), o in zip(answers, part, strict=True)]
        return predictions

    def close(self) -> None:
        """Leave the server. The next call connects again."""
        _close(self._idle)
        self._idle = []

    def _request(self, observation: Observation, seed: int | None) -> bytes:
        for camera in POLICY_CAMERAS:
            if camera not in observation.images:
                raise InvalidInputError(f"the observation has no {camera!r} image")
        message = self._convention.request(observation)
        return encode(message if seed is None else {**message, SEED: int(seed)})

    def _exchange(self, requests: Sequence[bytes]) -> list[tuple[dict[str, Any], float]]:
        """Send every request, then take every answer; a failure leaves no answer behind on the wire."""
        while len(self._idle) < len(requests):
            self._idle.append(self._connect()[0])
        used, self._idle = self._idle[: len(requests)], self._idle[len(requests) :]
        try:
            began = time.monotonic()
            for connection, request in zip(used, requests, strict=True):
                connection.send(request)
            answers = [self._receive(connection, began) for connection in used]
        except (OSError, WebSocketException) as error:
            _close(used)
            raise PolicyFault(f"the policy server at {self.config.url} is lost: {_reason(error)}") from error
        except BaseException:
            _close(used)
            raise
        self._idle += used
        return answers

    def _receive(self, connection: ClientConnection, began: float) -> tuple[dict[str, Any], float]:
        left = began + self.config.answer_s - time.monotonic()
        try:
            answer = connection.recv(timeout=max(left, 0.001))
        except TimeoutError:
            waited = f"{self.config.answer_s:g} s"
            raise PolicyBusy(f"the policy server at {self.config.url} did not answer in {waited}") from None
        if isinstance(answer, str):
            raise _refusal(answer)
        return _decode(answer), 1e3 * (time.monotonic() - began)

    def _prediction(self, answer: Mapping[str, Any], observation: Observation, milliseconds: float) -> Prediction:
        actions = answer.get("actions")
        if not isinstance(actions, np.ndarray):
            raise PolicyFault("the policy server's answer has no 'actions' array")
        if not np.isfinite(actions).all():
            raise PolicyFault("the policy server planned values that are not finite")
        plan = self._convention.plan(actions.astype(np.float64), observation)
        timing = {"policy_call": milliseconds, **_numbers(answer.get("server_timing"))}
        attention, mass = _attention(answer) if self._is_ours else ({}, {})
        panels = _panels(answer) if self._is_ours else {}
        if plan.cut:
            panels[CUT] = Scalars({"steps": plan.cut})
        return Prediction(ActionChunk(plan.actions), attention, mass, panels, timing)

    def _connect(self) -> tuple[ClientConnection, dict[str, Any]]:
        """A new connection and what the server says first."""
        token, url = self.config.token, self.config.url
        try:
            connection = connect(
                url,
                compression=None,
                max_size=SERVER_MESSAGE_BYTES,
                open_timeout=CONNECT_S,
                close_timeout=1.0,
                additional_headers={"Authorization": f"{AUTHORIZATION} {token}"} if token else None,
                proxy=None,  # a robot's policy is a neighbour, not a web site
            )
        except (OSError, WebSocketException) as error:
            raise PolicyFault(f"no policy server at {url}: {_reason(error)}") from error
        try:
            greeting = connection.recv(timeout=CONNECT_S)
            if isinstance(greeting, str):
                raise _refusal(greeting)
            return connection, _decode(greeting)
        except (OSError, WebSocketException) as error:
            _close([connection])
            raise PolicyFault(f"{url} does not speak the policy protocol: {_reason(error)}") from error
        except BaseException:
            _close([connection])
            raise


def _close(connections: Sequence[ClientConnection]) -> None:
    for connection in connections:
        with suppress(OSError, WebSocketException):
            connection.close()


def _decode(data: bytes) -> dict[str, Any]:
    try:
        return decode(data)
    except InvalidInputError as error:
        raise PolicyFault(f"the policy server sent an unusable answer: {error}") from error


def _refusal(text: str) -> InvalidInputError | PolicyFault:
    """The last line of what a server wrote; openpi's own sends a traceback."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    line = lines[-1][:300] if lines else "no reason given"
    kind, _, rest = line.partition(": ")
    if kind == InvalidInputError.__name__ and rest:
        return InvalidInputError(rest)
    if kind == PolicyBusy.__name__ and rest:
        return PolicyBusy(f"the policy server answered: {rest}")
    return PolicyFault(f"the policy server answered: {line}")


def _attention(answer: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, float]]:
    """Attention by camera and on the rest, as far as the answer holds usable ones."""
    grids = answer.get("attention")
    usable = {
        camera: grid.astype(np.float32)
        for camera, grid in (grids.items() if isinstance(grids, dict) else ())
        if camera in POLICY_CAMERAS and isinstance(grid, np.ndarray) and grid.ndim == 2 and np.isfinite(grid).all()
    }
    return usable, _numbers(answer.get("attention_mass"))


def _panels(answer: Mapping[str, Any]) -> dict[str, Panel]:
    try:
        return decode_panels(answer.get("panels", {}))
    except InvalidInputError as error:
        raise PolicyFault(f"the policy server's panels are not usable: {error}") from error


def _numbers(entries: object) -> dict[str, float]:
    if not isinstance(entries, dict):
        return {}
    return {str(k): float(v) for k, v in entries.items() if isinstance(v, int | float) and math.isfinite(v)}


def _reason(error: Exception) -> str:
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        return "it wants a valid token" if status in (401, 403) else f"it answers with status {status}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return " ".join(str(error).split())[:200] or type(error).__name__
