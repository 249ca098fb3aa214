"""Driving and recording from a page: what it may send, and what it is told."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, cast

import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.limits import DRIVE_SPEED_M, DRIVE_TURN_RAD
from wam_demo.runtime import SessionView
from wam_demo.runtime.person import Drag, Frame, PersonCommand
from wam_demo.ui.shared.checks import number, one_of, shown, whole

SPEEDS = tuple(share * DRIVE_SPEED_M for share in (0.08, 0.18, 0.35, 0.6, 1.0))
"""Speed of the hand by step, the slowest first [m/s]."""
_TURNS = tuple(share * DRIVE_TURN_RAD for share in (0.15, 0.3, 0.5, 0.75, 1.0))
_FRAMES = ("camera", "base")
_COUNT_MAX = 2**31
_LIFT_M = 1.0
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


def parse_drive(payload: object) -> PersonCommand:
    """Check how a page moves the arm.

    Args:
        payload: ``n`` counts commands; ``held``; ``move``: right, away and up, each -1 .. 1; ``turn`` to the left,
            -1 .. 1; ``speed``: a step of `SPEEDS`; ``frame``: ``camera`` or ``base``; ``gripper``: opening 0 .. 1 or
            nothing; ``drag``: nothing, or ``n``, ``at`` (image coordinates 0..1) and ``lift`` [m].

    Raises:
        InvalidInputError: A value is unusable; the text is one line for the page.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a drive command is an object, got {shown(payload)}")
    speed = whole("the speed", payload.get("speed"), 0, len(SPEEDS) - 1)
    right, away, up = _numbers("move", payload.get("move"), 3, -1)
    turn = number("turn", payload.get("turn"), -1, 1)
    twist = np.zeros(6, np.float32)
    twist[:3] = np.array([away, -right, up]) * SPEEDS[speed]
    twist[5] = turn * _TURNS[speed]
    gripper = payload.get("gripper")
    return PersonCommand(
        number=whole("n", payload.get("n"), 0, _COUNT_MAX),
        held=bool(payload.get("held")),
        twist=twist,
        frame=cast(Frame, one_of("frame", payload.get("frame"), _FRAMES)),
        gripper=None if gripper is None else number("gripper", gripper, 0, 1),
        drag=_drag(payload.get("drag"), SPEEDS[speed]),
    )


def _drag(payload: object, speed: float) -> Drag | None:
    if payload is None:
        return None
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a drag is an object, got {shown(payload)}")
    u, v = _numbers("at", payload.get("at"), 2, 0)
    lift = number("lift", payload.get("lift"), -_LIFT_M, _LIFT_M)
    return Drag(whole("n", payload.get("n"), 0, _COUNT_MAX), (u, v), lift, speed)


def _numbers(what: str, value: object, count: int, low: float) -> list[float]:
    if not isinstance(value, list | tuple) or len(value) != count:
        raise InvalidInputError(f"{what} must be {count} numbers, got {shown(value)}")
    return [number(what, each, low, 1) for each in value]


def _nothing(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {}


def _share(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"weight": number("your share", payload.get("weight"), 0, 1)}


def _verdict(payload: Mapping[str, Any]) -> dict[str, Any]:
    return {"success": bool(payload.get("success"))}


def _record(payload: Mapping[str, Any]) -> dict[str, Any]:
    if not payload.get("on"):
        return {"on": False}
    return {"on": True, "name": dataset_name(payload.get("name")), "auto": bool(payload.get("auto"))}


def dataset_name(name: object) -> str:
    """A name that a recorded dataset can have; raises `InvalidInputError`."""
    if not isinstance(name, str) or not _NAME.fullmatch(name):
        raise InvalidInputError(f"a recording's name has small letters, digits, - and _, 40 at most, got {shown(name)}")
    return name


DRIVE_PARSERS: Mapping[str, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    **dict.fromkeys(("take", "give_back", "again"), _nothing),
    "share": _share,
    "record": _record,
    "verdict": _verdict,
}
"""Checks of the commands of driving and recording, by kind."""


def drive_status(view: SessionView) -> dict[str, Any] | None:
    """Who drives, and how commands arrive: JSON-ready; ``None`` where nobody can drive."""
    drive = view.drive
    if drive is None or view.twin is not None:
        return None
    return {
        "mine": drive.state.person,
        "held": drive.state.held,
        "share": drive.state.share,
        "acted": drive.state.acted,
        "received": drive.received,
        "takeovers": drive.state.takeovers,
        "gripper": round(drive.state.gripper, 2),
        "age_ms": None if drive.age_s is None else round(1000 * drive.age_s),
        "rate": round(drive.rate_hz),
        "resistance": drive.resistance,
    }


def recording_status(view: SessionView) -> dict[str, Any] | None:
    """What is being recorded: JSON-ready; ``None`` when nothing is."""
    recording = view.recording
    if recording is None:
        return None
    return {
        "name": recording.name,
        "state": recording.state,
        "starts_ms": round(1000 * recording.starts_in_s),
        "frames": recording.frames,
        "episodes": recording.episodes,
        "auto": recording.auto,
        "free_gb": recording.free_gb,
    }
