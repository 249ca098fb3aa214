"""Names of what a robot sends, and how they become an observation of ours."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import cv2
import numpy as np

from wam_demo.errors import InvalidInputError, UnknownNameError
from wam_demo.limits import IMAGE_PIXELS, INSTRUCTION_CHARACTERS, SERVER_JOINT_RAD, SERVER_REACH_M
from wam_demo.sim.kinematics import JOINTS, ArmKinematics
from wam_demo.types import IMAGE_SIZE, OPENING_INDEX, STATE_DIM, Image, Observation, Vector

FRONT = ("observation/image", "observation/exterior_image_1_left", "observation.images.front")
"""Names of the picture of the fixed camera: LIBERO's as in openpi, DROID's, ours as in LeRobot."""
WRIST = ("observation/wrist_image", "observation/wrist_image_left", "observation.images.wrist")
STATE = ("observation/state", "observation.state")
JOINT_POSITION, GRIPPER_POSITION = "observation/joint_position", "observation/gripper_position"
"""DROID's state: joint angles (7,) [rad], and the gripper, 0 open .. 1 closed."""
PROMPT = ("prompt", "task")
SEED = "seed"
"""Optional whole number: the same observation and seed give the same plan."""
MOST_ROTATION, MOST_OPENING = 1.1, 1.5
"""Columns of a rotation matrix are unit vectors, and openings lie in 0 .. 1; sensors are not that exact."""
KEYS = (*FRONT, *WRIST, *STATE, JOINT_POSITION, GRIPPER_POSITION, *PROMPT, SEED)


def to_observation(message: Mapping[str, Any], time: float) -> Observation:
    """What a robot sent as an observation: pictures brought to the size that the models see.

    Args:
        message: Decoded; its keys are among `KEYS`, one name for each thing.
        time: Seconds since the connection began.

    Raises:
        InvalidInputError: A key is unknown or missing, or its value has another shape or type.
    """
    for key in message:
        if key not in KEYS:
            raise UnknownNameError("observation key", key, KEYS)
    images = {"front": _picture(message, FRONT), "wrist": _picture(message, WRIST)}
    return Observation(images, _state(message), _prompt(message), time)


def seed_of(message: Mapping[str, Any]) -> int | None:
    """The seed of the policy's noise, if one was sent; raises `InvalidInputError`."""
    seed = message.get(SEED)
    if seed is None:
        return None
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < 2**63:
        raise InvalidInputError(f"{SEED!r} must be a whole number in 0 .. 2^63 - 1, got {str(seed)[:40]!r}")
    return int(seed)


def fit_image(image: Image, size: int = IMAGE_SIZE) -> Image:
    """(size, size, 3): scaled without distortion and padded with black, as openpi's clients do."""
    height, width = image.shape[:2]
    if (height, width) == (size, size):
        return image
    scale = size / max(height, width)
    inner = max(1, round(width * scale)), max(1, round(height * scale))
    scaled = cv2.resize(image, inner, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR)
    fitted = np.zeros((size, size, 3), np.uint8)
    top, left = (size - inner[1]) // 2, (size - inner[0]) // 2
    fitted[top : top + inner[1], left : left + inner[0]] = scaled
    return fitted


def _picture(message: Mapping[str, Any], names: tuple[str, ...]) -> Image:
    name, image = _one(message, names)
    if not isinstance(image, np.ndarray) or image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise InvalidInputError(f"{name!r} must be an (H, W, 3) uint8 RGB picture, it is {_describe(image)}")
    if not 0 < image.shape[0] * image.shape[1] <= IMAGE_PIXELS:
        raise InvalidInputError(
            f"{name!r} has {image.shape[1]} x {image.shape[0]} pixels: 1 to {IMAGE_PIXELS} are valid"
        )
    return fit_image(image)


def _state(message: Mapping[str, Any]) -> Vector:
    if not any(name in message for name in STATE) and JOINT_POSITION in message:
        joints, closed = _numbers(message, JOINT_POSITION, JOINTS), _numbers(message, GRIPPER_POSITION, 1)
        _within(JOINT_POSITION, "joint angles [rad]", joints, SERVER_JOINT_RAD)
        _within(GRIPPER_POSITION, "how far the gripper is closed", closed, MOST_OPENING)
        return _kinematics().state(joints, 1.0 - float(closed[0]))
    name, _ = _one(message, STATE)
    state = _numbers(message, name, STATE_DIM)
    _within(name, "TCP position [m]", state[:3], SERVER_REACH_M)
    _within(name, "TCP rotation", state[3:OPENING_INDEX], MOST_ROTATION)
    _within(name, "gripper opening", state[OPENING_INDEX], MOST_OPENING)
    _within(name, "joint angles [rad]", state[OPENING_INDEX + 1 :], SERVER_JOINT_RAD)
    return state


def _within(name: str, what: str, values: Vector, most: float) -> None:
    largest = float(np.abs(values).max())
    if largest > most:
        raise InvalidInputError(f"{name!r} holds {largest:.4g} as {what}; at most {most:g} is plausible")


def _prompt(message: Mapping[str, Any]) -> str:
    name, text = _one(message, PROMPT)
    if not isinstance(text, str) or not 0 < len(text.strip()) <= INSTRUCTION_CHARACTERS:
        what = f"{len(text)} characters" if isinstance(text, str) else _describe(text)
        raise InvalidInputError(f"{name!r} must be a text of 1 to {INSTRUCTION_CHARACTERS} characters, it is {what}")
    return text.strip()


def _one(message: Mapping[str, Any], names: tuple[str, ...]) -> tuple[str, Any]:
    """Name and value of the one of ``names`` that was sent."""
    sent = [name for name in names if name in message]
    if not sent:
        raise InvalidInputError(
            f"the observation has no {names[0]!r}; it has {', '.join(map(repr, message)) or 'nothing'}"
        )
    if len(sent) > 1:
        raise InvalidInputError(f"{sent[0]!r} and {sent[1]!r} name the same thing: send one of them")
    return sent[0], message[sent[0]]


def _numbers(message: Mapping[str, Any], name: str, count: int) -> Vector:
    """``count`` finite numbers as float32, sent as an array, a scalar or a list."""
    value = message.get(name)
    array = np.atleast_1d(np.asarray(value, np.float32)) if _is_numeric(value) else None
    if array is None or array.shape != (count,):
        raise InvalidInputError(f"{name!r} must be {count} numbers, it is {_describe(value)}")
    if not np.isfinite(array).all():
        raise InvalidInputError(f"{name!r} holds values that are not finite")
    return array


def _is_numeric(value: object) -> bool:
    if isinstance(value, list):
        return all(isinstance(item, int | float) for item in value)
    return isinstance(value, np.ndarray | np.number | int | float)


def _describe(value: object) -> str:
    if isinstance(value, np.ndarray):
        return f"{value.shape} {value.dtype}"
    return "missing" if value is None else f"a {type(value).__name__}"


@lru_cache(maxsize=1)
def _kinematics() -> ArmKinematics:
    return ArmKinematics()
