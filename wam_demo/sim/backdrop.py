"""The pattern of the table and the tint of the sky, painted into the renderer when it is needed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np

from wam_demo.sim import textures
from wam_demo.sim.render import Renderer
from wam_demo.sim.scene import TRAINING_PATTERN, paint_texture
from wam_demo.types import Image

STYLES = ("wood", "speckle", "checker", "stripes")
TRAVEL = 7
"""Texture pixels that a moving pattern travels in one control step."""

_Rgb = tuple[float, float, float]


@dataclass(frozen=True)
class Backdrop:
    """A table and a sky; the default is the training scene's.

    Attributes:
        style: One of `STYLES`.
        light: RGB 0..1.
        dark: RGB 0..1.
        cells: Size of the pattern: planks, cells or stripes across the texture.
        sky: Factors on the sky's RGB.
        moving: The pattern travels.
        pattern: Seed of the pattern.
    """

    style: str = "wood"
    light: _Rgb = tuple(textures.TRAINING_WOOD[0].tolist())
    dark: _Rgb = tuple(textures.TRAINING_WOOD[1].tolist())
    cells: int = 4
    sky: _Rgb = (1.0, 1.0, 1.0)
    moving: bool = False
    pattern: int = TRAINING_PATTERN

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> "Backdrop":
        """From JSON-serialisable values by attribute."""
        fields: dict[str, Any] = {name: tuple(v) if isinstance(v, list) else v for name, v in values.items()}
        return cls(**fields)

    def texture(self, size: int) -> Image:
        """(size, size, 3) uint8 pattern of the table."""
        light, dark, rng = np.array(self.light), np.array(self.dark), np.random.default_rng(self.pattern)
        if self.style == "wood":
            return textures.wood(size, light, dark, rng, self.cells)
        if self.style == "speckle":
            return textures.speckle(size, light, dark, 5 * self.cells, rng)
        if self.style == "checker":
            return textures.checker(size, light, dark, 2 * self.cells)
        return textures.stripes(size, light, dark, 2 * self.cells, self.pattern % 2)


class Painter:
    """Keeps one renderer's textures in step with the wanted backdrop.

    Args:
        model: The scene, with textures ``table`` and ``sky``.
        renderer: Shows it.
    """

    def __init__(self, model: mujoco.MjModel, renderer: Renderer) -> None:
        self._model, self._renderer = model, renderer
        self._painted, self._phase = Backdrop(), 0
        sky = model.texture("sky")
        start = int(model.tex_adr[sky.id])
        self._sky = model.tex_data[start : start + sky.height[0] * sky.width[0] * 3].copy()

    def show(self, backdrop: Backdrop, step: int) -> None:
        """Paint a backdrop unless it is there already."""
        phase = TRAVEL * step if backdrop.moving else 0
        if (backdrop, phase) == (self._painted, self._phase):
            return
        table = backdrop.texture(int(self._model.texture("table").width[0]))
        self._paint("table", np.roll(table, phase, axis=(0, 1)))
        if backdrop.sky != self._painted.sky:
            tinted = self._sky.reshape(-1, 3) * np.array(backdrop.sky)
            self._paint("sky", np.clip(np.round(tinted), 0, 255).astype(np.uint8))
        self._painted, self._phase = backdrop, phase

    def _paint(self, name: str, image: Image) -> None:
        paint_texture(self._model, name, image)
        self._renderer.upload_texture(self._model.texture(name).id)
