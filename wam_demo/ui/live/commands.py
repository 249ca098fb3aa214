"""What a page may ask for: every value is checked here, before it reaches a session."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.policies.checks import validate_instruction
from wam_demo.runtime import Command
from wam_demo.runtime.logfile import SEED_MAX, parse_log, unpack

SEVERITY_MAX = 5
CAMERAS = ("front", "wrist")
"""Cameras on which a person can point."""


@dataclass(frozen=True)
class Choices:
    """Names that exist here.

    Attributes:
        tasks: Task names.
        policies: Policies that can be chosen, i.e. whose checkpoint is there.
        axes: Perturbation axes with a slider.
    """

    tasks: Collection[str]
    policies: Collection[str]
    axes: Collection[str]


def parse_command(payload: object, choices: Choices) -> Command:
    """Check one command from a page.

    Args:
        payload: What the page sent: ``kind`` and the command's parameters.
        choices: Names that exist.

    Raises:
        InvalidInputError: A value is unusable; the text is one line for the page.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a command is an object with a kind, got {_shown(payload)}")
    kind = payload.get("kind")
    if not isinstance(kind, str) or kind not in _PARSERS:
        raise UnknownNameError("command", kind, _PARSERS)
    return Command(kind, _PARSERS[kind](payload, choices))


Parameters = dict[str, Any]


def parse_region(payload: object) -> Parameters:
    """Check a region that a page wants probed.

    Args:
        payload: ``camera``, ``from`` and ``to``, or none of them for the maps only.

    Raises:
        InvalidInputError: A value is unusable; the text is one line for the page.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a region is an object with a camera and two points, got {_shown(payload)}")
    if payload.get("from") is None:
        return {}
    return _shove(payload, Choices((), (), ()))


def parse_point(payload: object) -> tuple[float, float]:
    """Check a place on the front picture that a page wants to know about.

    Args:
        payload: ``at``, image coordinates 0..1.

    Raises:
        InvalidInputError: The value is unusable; the text is one line for the page.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a place is an object with a point, got {_shown(payload)}")
    return _point("at", payload.get("at"))


def _nothing(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    return {}


def _autoplay(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    return {"on": bool(payload.get("on"))}


def _task(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    return {"name": _one_of("task", payload.get("name"), choices.tasks)}


def _policy(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    return {"name": _one_of("policy", payload.get("name"), choices.policies)}


def _seed(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    value = _number("seed", payload.get("seed"), 0, SEED_MAX)
    if value != int(value):
        raise InvalidInputError(f"the seed must be a whole number, got {value}")
    return {"seed": int(value)}


def _instruction(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    text = payload.get("text")
    if not isinstance(text, str):
        raise InvalidInputError(f"the instruction must be text, got {_shown(text)}")
    printable = "".join(c if c.isprintable() else " " for c in text)
    return {"text": validate_instruction(printable)}


def _axis(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    axis = _one_of("disturbance", payload.get("axis"), choices.axes)
    severity = _number(f"the severity of {axis}", payload.get("severity"), 0, SEVERITY_MAX)
    return {"axis": axis, "severity": round(severity)}


def _distractor(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    if payload.get("at") is None:
        return {}
    camera = _one_of("camera", payload.get("camera"), CAMERAS)
    return {"camera": camera, "at": _point("at", payload["at"])}


def _shove(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    if payload.get("from") is None:
        return {}
    camera = _one_of("camera", payload.get("camera"), CAMERAS)
    return {
        "camera": camera,
        "from": _point("from", payload["from"]),
        "to": _point("to", payload.get("to")),
    }


def _twin(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    return {"on": bool(payload.get("on"))}


def _replay(payload: Mapping[str, Any], choices: Choices) -> Parameters:
    """A log as text, from a file, or packed, from a link."""
    packed, text = payload.get("packed"), payload.get("text")
    if isinstance(packed, str):
        text = unpack(packed)
    if not isinstance(text, str):
        raise InvalidInputError("a replay needs the text of a log")
    return {"attempts": parse_log(text, choices.tasks)}


_PARSERS: Mapping[str, Callable[[Mapping[str, Any], Choices], Parameters]] = {
    **dict.fromkeys(("run", "pause", "step", "reset", "next", "swap_target", "clear"), _nothing),
    **dict.fromkeys(("log", "link", "paired"), _nothing),
    "twin": _twin,
    "replay": _replay,
    "autoplay": _autoplay,
    "task": _task,
    "policy": _policy,
    "seed": _seed,
    "instruction": _instruction,
    "axis": _axis,
    "distractor": _distractor,
    "shove": _shove,
}


def _one_of(kind: str, name: object, valid: Collection[str]) -> str:
    if not isinstance(name, str) or name not in valid:
        raise UnknownNameError(kind, name, valid)
    return name


def _number(what: str, value: object, low: float, high: float) -> float:
    number = float(value) if isinstance(value, int | float) and not isinstance(value, bool) else math.nan
    if not low <= number <= high:  # also refuses NaN
        raise InvalidInputError(f"{what} must be a number from {low} to {high}, got {_shown(value)}")
    return number


def _point(what: str, value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InvalidInputError(f"{what} must be two numbers from 0 to 1, got {_shown(value)}")
    return _number(what, value[0], 0, 1), _number(what, value[1], 0, 1)


def _shown(value: object) -> str:
    return "not a number" if value is None else repr(value)[:40]
