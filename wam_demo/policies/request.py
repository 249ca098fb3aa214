"""One observation on its way to an answer, and how its future is settled."""

from __future__ import annotations

import logging
import secrets
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field
from typing import Any

from wam_demo.errors import PolicyFault, WamDemoError
from wam_demo.types import Observation

_logger = logging.getLogger(__name__)


@dataclass(eq=False)
class Request:
    """What an `InferenceEngine` was asked.

    Attributes:
        observation: What the session sees.
        seed: Of the policy's noise.
        deadline: `time.monotonic` seconds after which an answer is a fault.
        stages: Work that plans may interrupt: it yields ``None``, and the answer at last.
        alone: Shares its call with no other request.
        urgent: Somebody waits for the work to be done before they go on, so it goes before other work with stages.
        future: Gets the answer.
        submitted: `time.monotonic` seconds.
    """

    observation: Observation
    seed: int
    deadline: float
    stages: Callable[[], Iterator[Any]] | None = None
    alone: bool = False
    urgent: bool = False
    future: Future[Any] = field(default_factory=Future)
    submitted: float = field(default_factory=time.monotonic)


def settle(action: Callable[[], None]) -> None:
    """Resolve a future that its owner may have cancelled an instant ago."""
    try:
        action()
    except InvalidStateError:
        _logger.debug("an answer came for a cancelled request")


def drawn_seed(seed: int | None) -> int:
    """The seed given, or a random one."""
    return secrets.randbits(32) if seed is None else seed


def as_fault(error: Exception) -> Exception:
    """Errors with a text for people stay as they are; others become a `PolicyFault`."""
    if isinstance(error, WamDemoError):
        return error
    _logger.warning("the policy raised", exc_info=error)
    text = str(error).strip().split("\n")[0][:120]
    fault = PolicyFault(f"the policy failed: {type(error).__name__}: {text}")
    fault.__cause__ = error
    return fault
