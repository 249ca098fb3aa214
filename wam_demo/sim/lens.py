"""What happens between the scene and the image: blur, fog, a covered part, a lost view."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import cv2
import numpy as np

from wam_demo.types import Image


@dataclass(frozen=True)
class Cover:
    """A grey rectangle in front of the camera.

    Attributes:
        share: Of the image's area.
        centre: (u, v) 0..1 from the top left corner.
        aspect: Width over height.
        grey: 0..1.
        camera: Whose image it covers.
    """

    share: float
    centre: tuple[float, float]
    aspect: float
    grey: float
    camera: str = "front"

    def apply(self, image: Image) -> Image:
        """The image with the rectangle drawn; it is moved inside, so that all of it covers."""
        size = np.array(image.shape[1::-1])
        side = np.minimum(1, np.sqrt(self.share * np.array([self.aspect, 1 / self.aspect])))
        middle = np.clip(self.centre, side / 2, 1 - side / 2)
        (left, top), (right, bottom) = (np.round(size * (middle + s * side / 2)).astype(int) for s in (-1, 1))
        covered = image.copy()
        covered[top:bottom, left:right] = round(255 * self.grey)
        return covered


@dataclass(frozen=True)
class LostView:
    """A camera that shows nothing, or always the same.

    Attributes:
        camera: Which one.
        until: Control step from which it works again.
        picture: What it keeps showing, (H, H, 3) uint8; ``None`` for darkness.
    """

    camera: str
    until: int
    picture: Image | None = field(compare=False)

    def apply(self, image: Image) -> Image:
        """What is seen in place of an image, in its size."""
        if self.picture is None:
            return np.zeros_like(image)
        return cv2.resize(self.picture, image.shape[1::-1], interpolation=cv2.INTER_AREA)


@dataclass(frozen=True)
class Blur:
    """Sensor noise after LIBERO-Plus.

    Attributes:
        kind: A key of `BLURS`.
        strength: 0..10.
        angle_deg: Direction of motion blur.
        pattern: Seed of fog and glass.
    """

    kind: str
    strength: float
    angle_deg: float = 0.0
    pattern: int = 0

    def apply(self, image: Image, step: int) -> Image:
        """The disturbed image; ``step`` varies what is random."""
        return BLURS[self.kind](image, self, np.random.default_rng([self.pattern, step]))


def _motion(image: Image, blur: Blur, rng: np.random.Generator) -> Image:
    length = max(1, round(0.012 * blur.strength * image.shape[0]))
    kernel = np.zeros((2 * length + 1, 2 * length + 1), np.float32)
    angle = np.radians(blur.angle_deg)
    tip = (round(length + length * np.cos(angle)), round(length + length * np.sin(angle)))
    cv2.line(kernel, (2 * length - tip[0], 2 * length - tip[1]), tip, 1.0)
    return cv2.filter2D(image, -1, kernel / kernel.sum(), borderType=cv2.BORDER_REFLECT)


def _gaussian(image: Image, blur: Blur, rng: np.random.Generator) -> Image:
    sigma = 0.0028 * blur.strength * image.shape[0]
    return cv2.GaussianBlur(image, (0, 0), max(sigma, 1e-3))


def _zoom(image: Image, blur: Blur, rng: np.random.Generator) -> Image:
    size = image.shape[0]
    total = np.zeros(image.shape, np.float32)
    factors = np.linspace(1, 1 + 0.025 * blur.strength, 6)
    for factor in factors:
        matrix = cv2.getRotationMatrix2D(((size - 1) / 2, (size - 1) / 2), 0, float(factor))
        total += cv2.warpAffine(image, matrix, (size, size), borderMode=cv2.BORDER_REFLECT)
    return np.round(total / len(factors)).astype(np.uint8)


def _glass(image: Image, blur: Blur, rng: np.random.Generator) -> Image:
    # The glass stands still, so its pattern does not depend on the step.
    size = image.shape[0]
    still = np.random.default_rng(blur.pattern)
    cells = still.uniform(-1, 1, (2, 64, 64)).astype(np.float32) * 0.0022 * blur.strength * size
    shift = [cv2.resize(cell, (size, size), interpolation=cv2.INTER_NEAREST) for cell in cells]
    rows, columns = np.indices((size, size)).astype(np.float32)
    return cv2.remap(image, columns + shift[0], rows + shift[1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)


def _fog(image: Image, blur: Blur, rng: np.random.Generator) -> Image:
    size = image.shape[0]
    still = np.random.default_rng(blur.pattern)
    cloud = sum(
        cv2.resize(still.random((k, k)).astype(np.float32), (size, size), interpolation=cv2.INTER_CUBIC) / k
        for k in (2, 4, 8, 16)
    )
    span = cloud.max() - cloud.min()
    density = 0.075 * blur.strength * (0.5 + 0.5 * (cloud - cloud.min()) / max(float(span), 1e-6))
    mixed = image * (1 - density[..., None]) + 225 * density[..., None]
    return np.clip(np.round(mixed), 0, 255).astype(np.uint8)


BLURS: Mapping[str, Callable[[Image, Blur, np.random.Generator], Image]] = {
    "motion": _motion,
    "gaussian": _gaussian,
    "zoom": _zoom,
    "glass": _glass,
    "fog": _fog,
}
"""Kinds of sensor noise."""
