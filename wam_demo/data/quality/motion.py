"""Flags of one episode's motion: standing still, jumping, clipped commands, missing frames."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from wam_demo.data.quality.episode import EpisodeNumbers, Problem
from wam_demo.limits import ACTION_ROTATION_RAD, ACTION_TRANSLATION_M
from wam_demo.types import CONTROL_HZ

IDLE_S = 1.0
"""Standing still for longer than this, at an end or on the way, is flagged [s]."""
CLIPPED_SHARE = 0.1
"""Share of frames with a clipped command above which an episode is flagged."""
JUMP_M_S = 1.2 * np.sqrt(3) * ACTION_TRANSLATION_M * CONTROL_HZ
"""Speed that no controller of ours reaches [m/s]: the limit of a step along all three axes, and a fifth more."""
_AT_LIMIT, _CHANGED = 0.999, 1e-3


def motion_problems(numbers: EpisodeNumbers) -> Iterator[Problem]:
    """Every flag of one episode."""
    for found in (_standing(numbers), _jumps(numbers), _clipped(numbers), _missing(numbers)):
        for kind, detail in found:
            yield Problem(numbers.episode, kind, detail)


def _standing(numbers: EpisodeNumbers) -> Iterator[tuple[str, str]]:
    moving = numbers.moves()
    if not moving.any():
        yield "stall", f"nothing moves in {len(numbers) / numbers.fps:.1f} s"
        return
    first, last = np.flatnonzero(moving)[[0, -1]]
    if (idle := first / numbers.fps) > IDLE_S:
        yield "idle_head", f"nothing moves in the first {idle:.1f} s (frames 0 .. {first - 1})"
    if (idle := (len(moving) - 1 - last) / numbers.fps) > IDLE_S:
        yield "idle_tail", f"nothing moves in the last {idle:.1f} s (frames {last + 2} .. {len(numbers) - 1})"
    for start, stop in _runs(~moving[first : last + 1]):
        if (still := (stop - start) / numbers.fps) > IDLE_S:
            yield "stall", f"nothing moves for {still:.1f} s (frames {first + start} .. {first + stop})"


def _jumps(numbers: EpisodeNumbers) -> Iterator[tuple[str, str]]:
    speed = np.linalg.norm(np.diff(numbers.position, axis=0), axis=1) * numbers.fps
    if len(speed) and (fastest := int(speed.argmax())) >= 0 and speed[fastest] > JUMP_M_S:
        yield "jump", f"the hand moves at {speed[fastest]:.1f} m/s at frame {fastest + 1}, more than the arm can"


def _clipped(numbers: EpisodeNumbers) -> Iterator[tuple[str, str]]:
    if numbers.commanded is not None:
        clipped = np.abs(numbers.commanded - numbers.action)[:, :6].max(1) > _CHANGED
        what = "commands were clipped"
    else:
        limits = np.repeat([ACTION_TRANSLATION_M, ACTION_ROTATION_RAD], 3)
        clipped = (np.abs(numbers.action[:, :6]) >= _AT_LIMIT * limits).any(1)
        what = "actions lie at the limit of a step"
    if clipped.mean() > CLIPPED_SHARE:
        yield "clipped", f"{clipped.sum()} of {len(clipped)} {what}, first at frame {int(clipped.argmax())}"


def _missing(numbers: EpisodeNumbers) -> Iterator[tuple[str, str]]:
    gaps = np.diff(numbers.timestamp) * numbers.fps
    if len(gaps) and (worst := int(gaps.argmax())) >= 0 and gaps[worst] > 1.5:
        lost = round(float(np.maximum(gaps - 1, 0).sum()))
        yield "missing_frames", f"{lost} frames are missing, most after frame {worst}"


def _runs(flags: NDArray[np.bool_]) -> Iterator[tuple[int, int]]:
    """First and the one after the last of every run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], flags, [False]]).astype(int)))
    yield from zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True)
