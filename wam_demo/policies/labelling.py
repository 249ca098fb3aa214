"""The action that a film shows: what a labeller is asked, and what it answers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol

from wam_demo.types import Image, Observation, Policy, Vector


@dataclass(frozen=True)
class Footage:
    """A moment of a film, and what came after it.

    Attributes:
        observation: The moment; its state says where the hand is.
        came: (4, H, W, 3) uint8 by camera, the pictures at `FUTURE_STEPS` control steps after it.
    """

    observation: Observation
    came: Mapping[str, Image]


@dataclass(frozen=True)
class Label:
    """The action that a film shows after a moment, step by step.

    Attributes:
        position: (16, 3) of the TCP in the base frame [m]; NaN at a step that could not be read off.
        rotation: (16, 3, 3) of the TCP; NaN likewise.
        opening: (16,) of the gripper, 0..1.
        confidence: (16,) in 0..1.
        points: (16, 3, 2) by camera, in the picture of the moment, 0..1 right and down: the TCP, 0.1 m along its x
            axis, 0.1 m against its z axis; NaN where one is not to be seen. They need no calibration to be drawn.
    """

    position: Vector
    rotation: Vector
    opening: Vector
    confidence: Vector
    points: Mapping[str, Vector]


class Labeller(Policy, Protocol):
    """A policy that says which action a film shows."""

    def label_stages(self, footage: Footage, *, seed: int = 0) -> Iterator[Label | None]:
        """Label one moment, yielding ``None`` wherever a plan may be made in between, and the label at last.

        Args:
            footage: Pictures of `IMAGE_SIZE`.
            seed: Of the noise: the same footage and seed give the same label.

        Raises:
            InvalidInputError: A picture or the state is not usable.
            PolicyFault: What was drawn is not finite.
        """


def run_label(policy: Labeller, footage: Footage, seed: int = 0) -> Label:
    """All stages of a label at once."""
    *_, label = policy.label_stages(footage, seed=seed)
    assert label is not None, "the last stage is the result"
    return label
