"""A test of the way to a policy server: who answers there, and how long a plan takes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from contextlib import closing
from typing import Any
from urllib.parse import urlsplit

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.policies.remote.client import RemoteConfig, RemotePolicy
from wam_demo.policies.remote.server import LOOPBACK
from wam_demo.policies.remote.settings import is_configured, remote_config, token
from wam_demo.robots.camera import home_state
from wam_demo.types import IMAGE_SIZE, POLICY_CAMERAS, Observation, Prediction
from wam_demo.ui.shared.component import Answer, Question

PLANS, LONGEST_S = 20, 5.0
"""Plans that are asked for, and when no further one is [s]."""
INSTRUCTION = "put the red cube into the bowl"


class ConnectionTest:
    """Tests a policy server, one test at a time.

    Args:
        any_on_this_machine: Whether the page may name a port of this machine, since only its owner sees the page.
            Otherwise nothing but the server that the operator has set is tested: no visitor names an address.
    """

    def __init__(self, any_on_this_machine: bool) -> None:
        self.any_on_this_machine = any_on_this_machine
        self._running = threading.Lock()

    @property
    def server(self) -> str:
        """Address of the server that the operator has set, else empty."""
        return remote_config().url if is_configured() else ""

    @property
    def available(self) -> bool:
        """Whether there is anything that may be tested."""
        return self.any_on_this_machine or is_configured()

    def ask(self, question: Question) -> Answer:
        """Test the server that a page asks about; see `measure`.

        Raises:
            InvalidInputError: It may not be tested from here, is no server, or another test is running.
            WamDemoError: It cannot be reached, or its answers are not usable.
        """
        config = self._config(str(question.get("url") or "").strip()[:200])
        if not self._running.acquire(blocking=False):
            raise InvalidInputError("a connection is being tested already; try again in a few seconds")
        try:
            return measure(config)
        finally:
            self._running.release()

    def _config(self, url: str) -> RemoteConfig:
        if is_configured() and url in ("", self.server):
            return remote_config()
        if not self.any_on_this_machine:
            raise InvalidInputError("from here only the server that this app was started with can be tested")
        config = RemoteConfig(url, token())
        if urlsplit(url).hostname not in LOOPBACK:
            raise InvalidInputError(f"only servers of this machine can be tested: {', '.join(LOOPBACK)}")
        return config


def measure(config: RemoteConfig, clock: Callable[[], float] = time.perf_counter) -> dict[str, Any]:
    """Connect, then ask for `PLANS` plans one after the other, on grey pictures of the arm at rest.

    Returns:
        ``policy`` and ``tasks`` as the server names them (empty if it is not ours); ``connect_ms``; ``first_ms``
        of the first plan; ``plans`` after it with ``round_trip_ms`` and ``server_ms`` (``None`` if it does not
        say), each ``p50`` and ``p95``; ``moved_cm``: how far the first plan leads the tool.
    """
    began = clock()
    with closing(RemotePolicy(config)) as policy:
        connected = clock()
        grey = np.full((IMAGE_SIZE, IMAGE_SIZE, 3), 127, np.uint8)
        observation = Observation(dict.fromkeys(POLICY_CAMERAS, grey), home_state(), INSTRUCTION, 0.0)
        trips: list[float] = []
        inside: list[float | None] = []
        plans: list[Prediction] = []
        while len(trips) <= PLANS and (len(trips) < 2 or clock() - connected < LONGEST_S):
            asked = clock()
            plans += policy.predict([observation], [0])
            trips.append(1e3 * (clock() - asked))
            inside.append(plans[-1].timing_ms.get("infer_ms"))
        reach = np.linalg.norm(np.asarray(plans[0].chunk.actions)[:, :3].sum(0))
        return {
            "policy": str(policy.metadata.get("policy", ""))[:80],
            "tasks": list(policy.tasks),
            "connect_ms": round(1e3 * (connected - began), 1),
            "first_ms": round(trips[0], 1),
            "plans": len(trips) - 1,
            "round_trip_ms": _spread(trips[1:]),
            "server_ms": None if None in inside else _spread([ms for ms in inside[1:] if ms is not None]),
            "moved_cm": round(float(100 * reach), 1),
        }


def _spread(milliseconds: list[float]) -> dict[str, float]:
    return {name: round(float(np.percentile(milliseconds, p)), 1) for name, p in (("p50", 50), ("p95", 95))}
