"""Disturbs recorded pictures: sensor noise, occlusion, crop, light; seeded and bounded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace

import cv2
import numpy as np

from wam_demo.errors import InvalidInputError
from wam_demo.sim.lens import Cover
from wam_demo.types import Image, Observation

NOISE = (0, 8, 16, 28, 44, 64)
"""Standard deviation of the pixel noise by severity, of 255 levels."""
OCCLUSION = (0.0, 0.02, 0.05, 0.10, 0.15, 0.25)
"""Covered share of the front picture, as in the simulated scenes."""
CROP = (1.0, 0.95, 0.9, 0.8, 0.7, 0.55)
"""Side of the middle part that is kept and enlarged."""
LIGHT = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3)
"""Factor on the intensity; the colour shifts by up to 0.1 per severity."""


@dataclass(frozen=True)
class Retouch:
    """Severities 0 (none) .. 5.

    Attributes:
        noise: Pixel noise in both views.
        occlusion: A grey rectangle in the front view.
        crop: Both views are cropped in the middle.
        light: Both views are darker and tinted.
        seed: Of the noise, the rectangle's place and the tint.
    """

    noise: int = 0
    occlusion: int = 0
    crop: int = 0
    light: int = 0
    seed: int = 0

    def validated(self) -> Retouch:
        """Return it if every severity is one; raises `InvalidInputError`."""
        for entry in fields(self):
            value, most = getattr(self, entry.name), 2**31 if entry.name == "seed" else 5
            if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= most:
                raise InvalidInputError(f"{entry.name} must be a whole number in 0 .. {most}, not {str(value)[:40]!r}")
        return self

    @property
    def changes(self) -> bool:
        """Whether anything is disturbed."""
        return bool(self.noise or self.occlusion or self.crop or self.light)

    def apply(self, images: Mapping[str, Image], step: int) -> dict[str, Image]:
        """Disturbed (H, W, 3) uint8 pictures by camera; ``step`` varies the noise."""
        return {camera: self._one(camera, image, step) for camera, image in images.items()}

    def observation(self, observation: Observation, step: int) -> Observation:
        """The observation with disturbed pictures."""
        return replace(observation, images=self.apply(observation.images, step))

    def _one(self, camera: str, image: Image, step: int) -> Image:
        image = _cropped(image, CROP[self.crop])
        if self.light:
            image = _lit(image, LIGHT[self.light], 0.1 * self.light, np.random.default_rng([self.seed, 1]))
        if self.occlusion and camera == "front":
            rng = np.random.default_rng([self.seed, 2])
            centre = tuple(rng.uniform([0.25, 0.4], [0.75, 0.75]))
            cover = Cover(OCCLUSION[self.occlusion], (centre[0], centre[1]), float(rng.uniform(0.6, 1.7)), 0.35)
            image = cover.apply(image)
        if self.noise:
            rng = np.random.default_rng([self.seed, 3, step, camera == "front"])
            grain = rng.normal(0.0, NOISE[self.noise], image.shape)
            image = np.clip(image + grain, 0, 255).astype(np.uint8)
        return image


def _cropped(image: Image, share: float) -> Image:
    if share >= 1.0:
        return image
    height, width = image.shape[:2]
    h, w = round(height * share), round(width * share)
    top, left = (height - h) // 2, (width - w) // 2
    return cv2.resize(image[top : top + h, left : left + w], (width, height), interpolation=cv2.INTER_LINEAR)


def _lit(image: Image, intensity: float, shift: float, rng: np.random.Generator) -> Image:
    tint = 1 + shift * rng.uniform(-1, 1, 3)
    return np.clip(image * (intensity * tint / tint.mean()), 0, 255).astype(np.uint8)
