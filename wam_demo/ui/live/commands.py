"""What a page may ask for: every value is checked here, before it reaches a session."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any, get_args

from wam_demo.errors import InvalidInputError, WamDemoError
from wam_demo.policies.checks import validate_instruction
from wam_demo.runtime import Command, Settings
from wam_demo.runtime.contracts import DreamActions
from wam_demo.runtime.logfile import SEED_MAX, parse_log, unpack
from wam_demo.ui.live.drive import DRIVE_PARSERS
from wam_demo.ui.shared.catalogue import Catalogue
from wam_demo.ui.shared.checks import number, one_of, shown, whole

SEVERITY_MAX = 5
TIME_SPEEDS = (0.25, 0.5, 1.0)
"""Of the simulated time."""
FIRST_SPEED = 0.5
"""A visitor has time to take part; a plan is the same at every speed."""
DREAM_ACTIONS = get_args(DreamActions)
CAMERAS = ("front", "wrist")
"""Cameras on which a person can point."""


def parse_command(payload: object, choices: Catalogue) -> Command:
    """Check one command from a page.

    Args:
        payload: What the page sent: ``kind`` and the command's parameters.
        choices: What can be chosen.

    Raises:
        InvalidInputError: A value is unusable; the text is one line for the page.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a command is an object with a kind, got {shown(payload)}")
    kind = one_of("command", payload.get("kind"), _PARSERS)
    return Command(kind, _PARSERS[kind](payload, choices))


Parameters = dict[str, Any]


def wished_settings(wishes: Mapping[str, Any], choices: Catalogue, first: Settings) -> Settings:
    """What a page that comes back, or that a link opened, begins with; what is not usable is left as it is.

    Args:
        wishes: ``task``, ``policy``, ``seed``, ``autoplay``, ``speed``, ``words``, ``severities``; any may be missing.
        choices: What can be chosen.
        first: For what is missing.
    """
    parsers: Mapping[str, Callable[[Any], Any]] = {
        "task": lambda value: one_of("task", value, choices.simulated),
        "policy": lambda value: one_of("policy", value, choices.policies),
        "seed": lambda value: whole("seed", value, 0, SEED_MAX),
        "autoplay": bool,
        "speed": _checked_speed,
        "words": lambda value: _instruction({"text": value}, choices)["text"],
        "severities": lambda value: _checked_severities(value, choices),
    }
    wished = {}
    for name, parse in parsers.items():
        with suppress(WamDemoError):
            if wishes.get(name) is not None:
                wished[name] = parse(wishes[name])
    return replace(first, **wished)


def _checked_severities(value: object, choices: Catalogue) -> dict[str, int]:
    if not isinstance(value, Mapping):
        raise InvalidInputError(f"the severities are a map, got {shown(value)}")
    found = [_axis({"axis": axis, "severity": severity}, choices) for axis, severity in value.items()]
    return {each["axis"]: each["severity"] for each in found if each["severity"]}


def _checked_speed(value: object) -> float:
    if value not in TIME_SPEEDS:
        raise InvalidInputError(f"the speed must be one of {', '.join(map(str, TIME_SPEEDS))}, got {shown(value)}")
    return float(value)  # type: ignore[arg-type]


def _speed(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    return {"speed": _checked_speed(payload.get("speed"))}


def parse_region(payload: object) -> Parameters:
    """Check a region that a page wants probed.

    Args:
        payload: ``camera``, ``from`` and ``to``, or none of them for the maps only.

    Raises:
        InvalidInputError: A value is unusable; the text is one line for the page.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a region is an object with a camera and two points, got {shown(payload)}")
    if payload.get("from") is None:
        return {}
    return _region(payload)


WAY_POINTS = 64
"""Points of a line that a person draws."""


def parse_way(payload: object) -> list[tuple[float, float]]:
    """Check a place on the front picture, or a line, that a page wants to know about.

    Args:
        payload: ``way``, a list of image coordinates 0..1: one for a place.

    Raises:
        InvalidInputError: The value is unusable; the text is one line for the page.
    """
    if not isinstance(payload, Mapping):
        raise InvalidInputError(f"a way is an object with its points, got {shown(payload)}")
    way = payload.get("way")
    if not isinstance(way, list) or not 1 <= len(way) <= WAY_POINTS:
        raise InvalidInputError(f"a way is a list of 1 to {WAY_POINTS} points, got {shown(way)}")
    return [_point("way", point) for point in way]


def _nothing(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    return {}


def _task(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    return {"name": one_of("task", payload.get("name"), choices.tasks)}


def _policy(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    return {"name": one_of("policy", payload.get("name"), choices.policies)}


def _seed(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    return {"seed": whole("seed", payload.get("seed"), 0, SEED_MAX)}


def _instruction(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    text = payload.get("text")
    if not isinstance(text, str):
        raise InvalidInputError(f"the instruction must be text, got {shown(text)}")
    printable = "".join(c if c.isprintable() else " " for c in text)
    return {"text": validate_instruction(printable)}


def _axis(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    axis = one_of("disturbance", payload.get("axis"), choices.axes)
    severity = number(f"the severity of {axis}", payload.get("severity"), 0, SEVERITY_MAX)
    return {"axis": axis, "severity": round(severity)}


def _distractor(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    if payload.get("at") is None:
        return {}
    camera = one_of("camera", payload.get("camera"), CAMERAS)
    return {"camera": camera, "at": _point("at", payload["at"])}


def _shove(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    return {} if payload.get("from") is None else _region(payload)


def _region(payload: Mapping[str, Any]) -> Parameters:
    camera = one_of("camera", payload.get("camera"), CAMERAS)
    return {
        "camera": camera,
        "from": _point("from", payload["from"]),
        "to": _point("to", payload.get("to")),
    }


def _scene(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    """A task, policy and seed with the axes that disturb it, as an evaluation or a link names them."""
    from wam_demo.sim.perturb import AXES

    given = payload.get("severities")
    if not isinstance(given, Mapping) or len(given) > len(AXES):
        raise InvalidInputError(f"the severities of a scene are an object by disturbance, got {shown(given)}")
    severities = {
        one_of("disturbance", axis, AXES): whole(f"the severity of {axis}", severity, 1, SEVERITY_MAX)
        for axis, severity in given.items()
    }
    return {
        "task": one_of("task", payload.get("task"), choices.simulated),
        "policy": one_of("policy", payload.get("policy"), choices.policies),
        **_seed(payload, choices),
        "severities": severities,
    }


def _switch(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    return {"on": bool(payload.get("on"))}


def _twin(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    """``dream``: what a dream beside reality does; without it, with and without the newest disturbance."""
    does = payload.get("dream")
    return {"on": bool(payload.get("on")), "dream": None if does is None else one_of("dream", does, DREAM_ACTIONS)}


def _replay(payload: Mapping[str, Any], choices: Catalogue) -> Parameters:
    """A log as text, from a file, or packed, from a link."""
    packed, text = payload.get("packed"), payload.get("text")
    if isinstance(packed, str):
        text = unpack(packed)
    if not isinstance(text, str):
        raise InvalidInputError("a replay needs the text of a log")
    return {"attempts": parse_log(text, choices.simulated)}


def _by_itself(
    parse: Callable[[Mapping[str, Any]], Parameters],
) -> Callable[[Mapping[str, Any], Catalogue], Parameters]:
    """A check that needs no choices."""
    return lambda payload, choices: parse(payload)


_PARSERS: Mapping[str, Callable[[Mapping[str, Any], Catalogue], Parameters]] = {
    **dict.fromkeys(("run", "pause", "step", "reset", "next", "swap_target", "clear", "own_words"), _nothing),
    **dict.fromkeys(("log", "link", "paired"), _nothing),
    "twin": _twin,
    "dream": _switch,
    "replay": _replay,
    "autoplay": _switch,
    "speed": _speed,
    "task": _task,
    "policy": _policy,
    "seed": _seed,
    "scene": _scene,
    "instruction": _instruction,
    "axis": _axis,
    "distractor": _distractor,
    "shove": _shove,
    **{kind: _by_itself(parse) for kind, parse in DRIVE_PARSERS.items()},
}


def _point(what: str, value: object) -> tuple[float, float]:
    if not isinstance(value, list | tuple) or len(value) != 2:
        raise InvalidInputError(f"{what} must be two numbers from 0 to 1, got {shown(value)}")
    return number(what, value[0], 0, 1), number(what, value[1], 0, 1)
