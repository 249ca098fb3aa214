"""What a dream asks of a policy: the pictures after a motion, seen from one frame of the dream."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from wam_demo.types import Image, Imaginer, Observation, Vector

if TYPE_CHECKING:
    from wam_demo.models.geometry import Calibration

ANCHOR_STEPS = 4
"""Control steps after which the newest frame becomes the one that the next are imagined from."""


@dataclass(eq=False)
class DreamAnchor:
    """A moment that frames are imagined from.

    Attributes:
        observation: The pictures, real or imagined, with the pose of that moment.
        latents: Of the pictures, where they were imagined.
        memory: Of what was seen before, as a `DreamFrame` has it; ``None`` where a dream begins.
        features: What the policy's network made of it; kept here by whoever computes it first.
    """

    observation: Observation
    latents: Any = None
    memory: Any = field(default=None, repr=False)
    features: Any = field(default=None, repr=False)


@dataclass(frozen=True)
class DreamMotion:
    """A motion away from an anchor.

    Attributes:
        anchor: Where from.
        displacement: (7,) float32 of the TCP since then [m, rad] in the base frame, and the opening as commanded 0..1.
        steps: Control steps that it took, at most `ANCHOR_STEPS`.
    """

    anchor: DreamAnchor
    displacement: Vector
    steps: int


@dataclass(frozen=True)
class Doubt:
    """How much an imagined frame is to be doubted.

    Attributes:
        amount: Inconsistency times strangeness, see `wam_demo.models.wam.doubt`.
        expected_error: Mean absolute difference 0..1 of its pictures to real ones that goes with it; ``None`` where
            nobody measured.
    """

    amount: float
    expected_error: float | None = None


@dataclass(frozen=True)
class DreamFrame:
    """What is imagined after a motion.

    Attributes:
        images: (H, W, 3) uint8 by camera.
        latents: What the network goes on from, if the frame is `ANCHOR_STEPS` after its anchor and becomes one.
        doubt: Of such a frame, where it can be told.
        memory: What was seen until its anchor, for the anchor that such a frame becomes.
    """

    images: Mapping[str, Image]
    latents: Any = None
    doubt: Doubt | None = None
    memory: Any = field(default=None, repr=False)


class Dreamer(Imaginer, Protocol):
    """An `Imaginer` that can go on from what it imagined."""

    @property
    def calibration(self) -> Calibration | None:
        """Of the cameras that it imagines; ``None`` when these weights have no imagination model and cannot dream."""

    def dream(self, motion: DreamMotion) -> DreamFrame:
        """The pictures after a motion.

        Raises:
            InvalidInputError: It took too many steps.
            PolicyFault: What was imagined is not finite.
        """


def pictures_apart(first: Observation, second: Observation) -> float:
    """Mean absolute difference 0..1 of what the cameras show that both have."""
    both = first.images.keys() & second.images.keys()
    gaps = [np.abs(first.images[camera].astype(np.int16) - second.images[camera]).mean() for camera in both]
    return float(np.mean(gaps) / 255)
