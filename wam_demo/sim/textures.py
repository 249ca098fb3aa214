"""Procedural table textures: (size, size, 3) uint8 images that tile without a seam."""

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import Image

TRAINING_WOOD = (np.array([0.60, 0.49, 0.37]), np.array([0.53, 0.42, 0.31]))
"""Light and dark RGB of the one table that training sees."""


def wood(size: int, light: NDArray, dark: NDArray, rng: np.random.Generator) -> Image:
    """Smooth grain along the first axis: a few sine bands, bent by slow periodic noise."""
    u, v = np.meshgrid(np.arange(size) / size, np.arange(size) / size, indexing="ij")
    bend = sum(
        rng.uniform(0.02, 0.05) * np.sin(2 * np.pi * (k * u + rng.integers(0, 2) * v) + rng.uniform(0, 6.3))
        for k in (1, 2, 3)
    )
    grain = sum(
        np.sin(2 * np.pi * k * (v + bend) + rng.uniform(0, 6.3)) / np.sqrt(k)
        for k in rng.choice(np.arange(3, 16), 4, replace=False)
    )
    return _blend(grain / 1.6, light, dark)


def checker(size: int, light: NDArray, dark: NDArray, cells: int) -> Image:
    """``cells`` x ``cells`` squares with soft edges."""
    wave = np.sin(np.pi * cells * (np.arange(size) + 0.5) / size)
    return _blend(np.tanh(4 * np.outer(wave, wave)), light, dark)


def stripes(size: int, light: NDArray, dark: NDArray, bands: int, axis: int) -> Image:
    """``bands`` soft stripes across ``axis``."""
    wave = np.tanh(3 * np.sin(2 * np.pi * bands * (np.arange(size) + 0.5) / size))
    field = np.broadcast_to(wave[:, None] if axis == 0 else wave[None, :], (size, size))
    return _blend(field, light, dark)


def speckle(size: int, light: NDArray, dark: NDArray, scale: int, rng: np.random.Generator) -> Image:
    """Periodic band-limited noise; ``scale`` is the number of bumps across the tile."""
    frequency = np.fft.fftfreq(size) * size
    radius = np.hypot(frequency[:, None], frequency[None, :])
    spectrum = np.fft.fft2(rng.standard_normal((size, size))) * np.exp(-((radius / scale) ** 2))
    field = np.fft.ifft2(spectrum).real
    return _blend(field / (field.std() + 1e-9), light, dark)


def _blend(field: NDArray, light: NDArray, dark: NDArray) -> Image:
    mix = np.clip(0.5 + 0.5 * field, 0, 1)[..., None]
    return np.round(255 * np.clip(mix * light + (1 - mix) * dark, 0, 1)).astype(np.uint8)
