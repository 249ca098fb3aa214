"""Labels along a clip: which actions it shows, and how far they are from what was recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import InvalidInputError
from wam_demo.policies.labelling import Footage, Label, Labeller, run_label
from wam_demo.robots.clip import Clip
from wam_demo.types import ACTION_DIM, CHUNK_STEPS, CONTROL_HZ, FUTURE_STEPS, OPENING_INDEX, Vector

LABEL_EVERY = 4
"""Control steps between two labels; each holds until the next one."""
AHEAD = FUTURE_STEPS[-1]
"""Control steps that a label looks ahead."""
SCORED_STEPS = (4, 8, 16)
"""Control steps after which a label is compared with what was recorded."""

AskLabel = Callable[[Footage], Label]


def asking(policy: Labeller) -> AskLabel:
    """A loaded labeller as one call, with fixed noise."""
    return lambda footage: run_label(policy, footage)


def label_starts(steps: int, every: int = LABEL_EVERY) -> list[int]:
    """Control steps at which a clip is labelled: every so many, and the last one that has all of its future.

    Raises:
        InvalidInputError: The clip is too short for one label.
    """
    last = steps - 1 - AHEAD
    if last < 0:
        lasts, least = (steps - 1) / CONTROL_HZ, AHEAD / CONTROL_HZ
        raise InvalidInputError(f"the clip lasts {lasts:.1f} s: a label needs {least:.1f} s of pictures")
    return sorted({*range(0, last + 1, every), last})


def footage_of(clip: Clip, step: int) -> Footage:
    """The pictures that a label at this control step reads."""
    frames = [clip.moment(step + ahead).observation.images for ahead in FUTURE_STEPS]
    came = {camera: np.stack([images[camera] for images in frames]) for camera in frames[0]}
    return Footage(clip.moment(step).observation, came)


class ClipLabels:
    """The labels of one clip.

    Args:
        clip: All of it is there.
        ask: Labels one moment.
        every: Control steps between two labels.

    Attributes:
        starts: Control steps that are labelled.
        made: Labels by control step; grows while `run` works.

    Raises:
        InvalidInputError: The clip is too short for one label.
    """

    def __init__(self, clip: Clip, ask: AskLabel, every: int = LABEL_EVERY) -> None:
        self.clip, self._ask = clip, ask
        self.starts = label_starts(clip.steps, every)
        self.made: dict[int, Label] = {}

    @property
    def finished(self) -> bool:
        """Whether every label is there."""
        return len(self.made) == len(self.starts)

    def run(self, on_label: Callable[[], None] = lambda: None) -> None:
        """Make the labels that are not there yet; ``on_label`` is called after each and may raise to stop."""
        for step in self.starts:
            if step not in self.made:
                self.made[step] = self._ask(footage_of(self.clip, step))
            on_label()

    def newest(self, step: int) -> tuple[int, Label] | None:
        """The latest label made at or before a control step and where it begins, if it reaches beyond that step."""
        begun = [start for start in list(self.made) if start <= step < start + AHEAD]
        return (max(begun), self.made[max(begun)]) if begun else None

    def held(self) -> Iterator[tuple[int, Label, int]]:
        """Where each label begins, the label, and for how many steps it holds: until the next one begins."""
        made = sorted(dict(self.made).items())
        for (start, label), (then, _) in zip(made, [*made[1:], (self.clip.steps - 1, None)], strict=True):
            yield start, label, min(then - start, CHUNK_STEPS)

    def actions(self) -> Vector:
        """(steps, 7) float32 the actions that the clip shows; NaN where none could be read off, and at the last step.

        A label begins where the recording says that the TCP was.
        """
        from scipy.spatial.transform import Rotation

        found = np.full((self.clip.steps, ACTION_DIM), np.nan, np.float32)
        for start, label, count in self.held():
            position, turn = pose_of(self.clip.states[start])
            for ahead in range(count):
                row, after = found[start + ahead], label.rotation[ahead]
                row[6] = label.opening[ahead]
                row[:3] = label.position[ahead] - position
                if np.isfinite(after).all() and np.isfinite(turn).all():
                    row[3:6] = Rotation.from_matrix(after @ turn.T).as_rotvec()
                position, turn = label.position[ahead], after
        return found

    def paths(self) -> list[tuple[int, Vector]]:
        """Where each label leads, as far as it could be read off.

        Returns:
            The control step at which it begins, and (N, 4): displacement of the TCP from where it was at the clip's
            first step [m], and opening.
        """
        paths = []
        for start, label, count in self.held():
            known = int(np.isfinite(label.position[:count]).all(1).cumprod().sum())
            positions = np.vstack([self.clip.states[start, :3], label.position[:known]]) - self.clip.states[0, :3]
            opening = np.append(self.clip.states[start, OPENING_INDEX], label.opening[:known])
            paths.append((start, np.column_stack([positions, opening]).astype(np.float32)))
        return paths

    def errors(self) -> LabelErrors:
        """All labels against what was recorded."""
        errors = LabelErrors(self.clip.calibrated)
        for start, label in sorted(dict(self.made).items()):
            errors.add(label, self.clip.states[start], self.clip.actions[start : start + CHUNK_STEPS])
        return errors


def pose_of(state: Vector) -> tuple[Vector, NDArray[np.float64]]:
    """Position (3,) [m] and rotation (3, 3) of the TCP from a state (17,)."""
    first, second = state[3:6].astype(np.float64), state[6:9].astype(np.float64)
    return state[:3], np.stack([first, second, np.cross(first, second)], axis=1)


@dataclass
class LabelErrors:
    """Collects how far labels are from recorded actions.

    Attributes:
        calibrated: Whether positions mean anything; without, only the gripper is compared.
    """

    calibrated: bool
    labels: int = 0
    apart_m: dict[int, list[float]] = field(default_factory=lambda: {step: [] for step in SCORED_STEPS})
    gripper: list[bool] = field(default_factory=list)
    undecoded: list[bool] = field(default_factory=list)
    seen: dict[str, list[bool]] = field(default_factory=dict)

    def add(self, label: Label, state: Vector, recorded: Vector) -> None:
        """Compare a label from a state (17,) with the actions (N, 7) recorded from there on, NaN where unknown."""
        self.labels += 1
        there = state[:3] + np.cumsum(recorded[:, :3].astype(np.float64), axis=0)
        for step in SCORED_STEPS:
            if step <= len(there):
                self.apart_m[step].append(float(np.linalg.norm(label.position[step - 1] - there[step - 1])))
        known = np.isfinite(recorded[:, 6])
        agrees = (label.opening[: len(recorded)] > 0.5) == (recorded[:, 6] > 0.5)
        self.gripper += agrees[known].tolist()
        self.undecoded += [not np.isfinite(position).all() for position in label.position]
        for camera, points in label.points.items():
            self.seen.setdefault(camera, []).extend(bool(np.isfinite(tool).all()) for tool in points[:, 0])

    def joined(self, other: LabelErrors) -> LabelErrors:
        """These and those of another clip."""
        return LabelErrors(
            self.calibrated and other.calibrated,
            self.labels + other.labels,
            {step: values + other.apart_m[step] for step, values in self.apart_m.items()},
            self.gripper + other.gripper,
            self.undecoded + other.undecoded,
            {camera: found + other.seen[camera] for camera, found in self.seen.items()},
        )

    def document(self) -> dict[str, Any]:
        """JSON-serialisable; ``None`` for what could not be compared.

        Returns:
            ``label_cm``: median distance [cm] of the TCP by step ahead, of the steps that were decoded;
            ``undecoded``: share of steps that were not; ``gripper_agreement``: share of steps whose opening is on the
            recorded side of a half; ``seen``: share of steps at which the TCP was found, by view.
        """
        return {
            "labels": self.labels,
            "calibrated": self.calibrated,
            "label_cm": _medians(self.apart_m) if self.calibrated else None,
            "undecoded": _share(self.undecoded) if self.calibrated else None,
            "gripper_agreement": _share(self.gripper),
            "seen": {camera: _share(found) for camera, found in self.seen.items()},
        }


def _medians(apart: Mapping[int, list[float]]) -> dict[str, float] | None:
    finite = {step: [value for value in values if np.isfinite(value)] for step, values in apart.items()}
    return {str(step): 100 * float(np.median(values)) for step, values in finite.items() if values} or None


def _share(found: list[bool]) -> float | None:
    return float(np.mean(found)) if found else None
