"""Degraded images for training: out of focus, shaken, veiled, grainy and compressed, as cheap cameras deliver them.

None of it is a kind of the `noise` axis (`wam_demo.sim.lens.BLURS`), which evaluations use: that one blurs along a
line, by a Gaussian, towards the middle, through glass and in fog.
"""

from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
from numpy.typing import NDArray

from wam_demo.types import Image

EACH = 0.4
"""Probability that an episode's camera has each of the faults."""
MOST_DEFOCUS, MOST_SHAKE = 0.03, 0.08
"""Radius of the disc and length of the path that a point is smeared over, as shares of the image's height."""
MOST_VEIL, MOST_GRAIN = 0.55, 14.0
"""Share of stray light; standard deviation of a pixel in grey values."""
WORST_QUALITY, BEST_QUALITY = 12, 85
"""Of JPEG."""


@dataclass(frozen=True)
class Degradation:
    """How an episode's cameras spoil what they see.

    Attributes:
        defocus: Radius of the disc, as a share of the image's height.
        shake: Length of the path, as a share of the image's height; its shape is drawn anew at each step.
        veil: Share of the light that is stray, 0..1.
        stray: Grey value of the stray light, 0..255.
        grain: Standard deviation of each pixel, in grey values.
        quality: Of JPEG, 1..100; ``None``: not compressed.
        pattern: Seed of everything that varies with the step.
    """

    defocus: float = 0.0
    shake: float = 0.0
    veil: float = 0.0
    stray: float = 0.0
    grain: float = 0.0
    quality: int | None = None
    pattern: int = 0

    @classmethod
    def draw(cls, rng: np.random.Generator) -> Self:
        """The cameras of an episode; one in thirteen is faultless."""
        has = rng.random(5) < EACH
        most = np.array([MOST_DEFOCUS, MOST_SHAKE, MOST_VEIL, MOST_GRAIN])
        defocus, shake, veil, grain = (rng.random(4) * most * has[:4]).tolist()
        quality = int(rng.integers(WORST_QUALITY, BEST_QUALITY + 1)) if has[4] else None
        return cls(defocus, shake, veil, float(rng.uniform(0, 255)), grain, quality, int(rng.integers(2**16)))

    def apply(self, image: Image, step: int) -> Image:
        """The (H, W, 3) uint8 image as the camera delivers it at a control step."""
        rng = np.random.default_rng([self.pattern, step])
        height = image.shape[0]
        for kernel in (_disc(self.defocus * height), _path(self.shake * height, rng)):
            if kernel is not None:
                image = cv2.filter2D(image, -1, kernel, borderType=cv2.BORDER_REFLECT)
        if self.veil or self.grain:
            spoiled = image * (1 - self.veil) + self.stray * self.veil + rng.normal(0, 1, image.shape) * self.grain
            image = np.clip(np.round(spoiled), 0, 255).astype(np.uint8)
        if self.quality is not None:
            _, packed = cv2.imencode(
                ".jpg", cv2.cvtColor(image, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, self.quality]
            )
            image = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR_RGB), np.uint8)
        return image


def _disc(radius: float) -> NDArray[np.float32] | None:
    """The kernel of a lens that is out of focus; ``None`` where a pixel stays within itself."""
    if radius < 0.5:
        return None
    reach = int(np.ceil(radius))
    rows, columns = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    kernel = np.clip(radius + 0.5 - np.hypot(rows, columns), 0, 1).astype(np.float32)
    return kernel / kernel.sum()


def _path(length: float, rng: np.random.Generator) -> NDArray[np.float32] | None:
    """The kernel of a hand that trembles: a random walk of pixels; ``None`` where it stays within one."""
    steps = round(length)
    if steps < 1:
        return None
    heading = rng.uniform(0, 2 * np.pi) + np.cumsum(rng.normal(0, 0.6, steps))
    points = np.cumsum(np.stack([np.cos(heading), np.sin(heading)], 1), 0)
    points = np.round(points - points.mean(0)).astype(int)
    reach = int(np.abs(points).max())
    kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
    np.add.at(kernel, tuple((points + reach).T), 1.0)
    return kernel / kernel.sum()
