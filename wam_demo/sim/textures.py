"""Procedural table textures: (size, size, 3) uint8 images that tile without a seam."""

import numpy as np
from numpy.typing import NDArray

from wam_demo.types import Image

TRAINING_WOOD = (np.array([0.66, 0.54, 0.41]), np.array([0.57, 0.455, 0.335]))
"""Light and dark RGB of the one table that training sees."""


def wood(size: int, light: NDArray, dark: NDArray, rng: np.random.Generator, planks: int = 4) -> Image:
    """Planks along the first axis, each with its tone and a fine grain bent by slow periodic noise."""
    u, v = np.meshgrid(np.arange(size) / size, np.arange(size) / size, indexing="ij")
    bend = sum(rng.uniform(0.002, 0.006) * np.sin(2 * np.pi * k * u + rng.uniform(0, 6.3)) for k in (1, 2, 3))
    grain = sum(
        np.sin(2 * np.pi * k * (v + bend) + rng.uniform(0, 6.3)) / np.sqrt(k)
        for k in rng.choice(np.arange(5, 40), 8, replace=False)
    )
    tone = rng.permutation(np.linspace(-0.5, 0.5, planks))[(v * planks).astype(int)]
    seam = np.exp(-(((v * planks + 0.5) % 1 - 0.5) ** 2) / 0.0004)
    return _blend(0.35 * grain + tone - 1.2 * seam, light, dark)


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
