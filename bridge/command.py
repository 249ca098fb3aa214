"""One command, read from the wire: finite and of the right shape, or refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

from bridge.driver import Array
from wam_demo.robots.arm.wire import ACTION_DIM, REASONS, Reason

CLOCK_SKEW_S = 0.005
"""A command may seem this far in the future [s]."""


class Refusal(Exception):
    """The gate does not do it: a reason to be counted and one line for a person."""

    def __init__(self, reason: Reason, text: str) -> None:
        assert reason in REASONS
        super().__init__(text)
        self.reason: Reason = reason


@dataclass(frozen=True)
class Command:
    """A part of an action.

    Attributes:
        motion: (7,) TCP translation [m], rotation vector [rad], opening 0..1; base frame. ``None`` in a step home.
        number: Above that of the command before.
        epoch: The arming it belongs to.
        sent: When it was sent [s, monotonic].
        commander: ``policy`` or ``person``: who decided.
    """

    motion: Array | None
    number: int
    epoch: int
    sent: float
    commander: Literal["policy", "person"] = "policy"


def read_command(message: Mapping[str, Any], home: bool = False) -> Command:
    """A command from a message; raises `Refusal`."""
    number, epoch = (_whole(message, key) for key in ("number", "epoch"))
    sent = message.get("sent")
    if isinstance(sent, bool) or not isinstance(sent, int | float) or not np.isfinite(sent):
        raise Refusal("malformed", "a command needs the time at which it was sent")
    commander = message.get("commander", "policy")
    if commander not in ("policy", "person"):
        raise Refusal("malformed", "a commander is a policy or a person")
    motion = None if home else _motion(message.get("motion"))
    return Command(motion, number, epoch, float(sent), commander)


def _motion(value: object) -> Array:
    if not isinstance(value, np.ndarray) or value.shape != (ACTION_DIM,) or value.dtype.kind != "f":
        raise Refusal("malformed", f"a motion is {ACTION_DIM} floating-point numbers")
    motion = value.astype(np.float64)
    if not np.isfinite(motion).all():
        raise Refusal("not_finite", "a motion holds NaN or infinity")
    return motion


def _whole(message: Mapping[str, Any], key: str) -> int:
    value = message.get(key)
    if isinstance(value, bool) or not isinstance(value, int):
        raise Refusal("malformed", f"a command needs a whole {key}")
    return value
