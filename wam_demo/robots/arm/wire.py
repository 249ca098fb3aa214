"""What the bridge of an arm and its clients say to each other; all that the bridge knows of this package.

One request, one answer, over a websocket on loopback: maps in msgpack, arrays as in `wam_demo.wire`. A request
has a ``kind``; an answer has ``status`` and either what was asked for or ``refused`` (why, as one word of `REASONS`)
with ``text`` (one line for a person). Times are `time.monotonic` of the machine that both run on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal, get_args

from wam_demo.errors import InvalidInputError
from wam_demo.wire import decode, encode

__all__ = [
    "ACTION_DIM",
    "COMMAND_AGE_S",
    "CONTROL_S",
    "PORT",
    "SUBSTEPS",
    "ArmStatus",
    "InvalidInputError",
    "Mode",
    "Reason",
    "State",
    "decode",
    "encode",
]

PORT = 8765
"""Where a bridge listens unless told otherwise."""
ACTION_DIM = 7
"""TCP translation [m] 3, rotation vector [rad] 3, gripper opening 0..1."""
CONTROL_S = 0.1
"""One control step [s]."""
SUBSTEPS = 5
"""Commands that a client splits one action into, evenly over the control step."""
COMMAND_AGE_S = 0.1
"""Motion has come to rest this long after the last valid command [s]."""

State = Literal["disconnected", "connected", "armed", "moving", "holding", "fault"]
Mode = Literal["dry", "half", "full"]
Reason = Literal[
    "not_finite",  # a number is NaN or infinite
    "malformed",  # a wrong shape, type or kind
    "old",  # sent too long ago, or by another clock
    "replayed",  # its number is not above the last one
    "not_holder",  # somebody else has the lease, or nobody
    "epoch",  # belongs to motion before the last arming
    "stopped",  # STOP is latched
    "state",  # not possible in this state
    "camera",  # a camera is stale or frozen, and a policy commands
    "driver",  # the driver failed
]
REASONS: tuple[str, ...] = get_args(Reason)
STATES: tuple[str, ...] = get_args(State)
MODES: tuple[str, ...] = get_args(Mode)


@dataclass(frozen=True)
class ArmStatus:
    """Where the bridge stands; in every answer.

    Attributes:
        state: ``disconnected``, ``connected``, ``armed``, ``moving``, ``holding`` or ``fault``.
        mode: ``dry``, ``half`` or ``full`` speed, as armed last.
        stopped: STOP is latched.
        fault: One line; empty without a fault. It stays until it is cleared.
        why: Why the arm holds, as one line.
        epoch: Counts armings; a command names the one that it belongs to.
        holder: Name of the commander; empty if nobody has the lease.
        moving: Whether the commanded state has a speed.
        at_home: Whether the commanded state is the home pose.
        clamped: How often each limit changed a command or its motion.
        refused: How often something was refused, by reason.
        stops: How often the arm was brought to rest, by cause.
        gate_ms: What a command costs in the gate, median of the last ones [ms].
        late_ticks: Ticks of the driver that began more than half a period late.
        ticks: Ticks of the driver.
    """

    state: str = "disconnected"
    mode: str = "dry"
    stopped: bool = False
    fault: str = ""
    why: str = ""
    epoch: int = 0
    holder: str = ""
    moving: bool = False
    at_home: bool = False
    clamped: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)
    stops: Mapping[str, int] = field(default_factory=dict)
    gate_ms: float = 0.0
    late_ticks: int = 0
    ticks: int = 0

    def message(self) -> dict[str, Any]:
        """As it travels."""
        return asdict(self)

    @classmethod
    def from_message(cls, message: object) -> ArmStatus:
        """The status in an answer; raises `InvalidInputError` if it is none."""
        if not isinstance(message, dict):
            raise InvalidInputError("the bridge answered without a status")
        try:
            return cls(**message)
        except TypeError as error:
            raise InvalidInputError(f"the bridge speaks another version: {error}") from None
