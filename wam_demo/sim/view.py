"""Pictures, classes and masks of a scene; the renderers are made on first use, in the thread that asks."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from wam_demo.sim import cameras
from wam_demo.sim.backdrop import Backdrop, Painter
from wam_demo.sim.marking import Marking
from wam_demo.sim.render import Renderer
from wam_demo.sim.scene import Scene
from wam_demo.sim.segments import segment_table
from wam_demo.types import Image

_AROUND = [(0.0, 0.0), *((0.015 * x, 0.015 * y) for x in (-1, 0, 1) for y in (-1, 0, 1) if x or y)]


class SceneView:
    """What the cameras of one scene see.

    Args:
        scene: Is shown as it stands at each call.
    """

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._segments = segment_table(scene.model)
        self._owners = np.append(scene.model.geom_bodyid, -1)
        self._renderer: Renderer | None = None
        self._painter: Painter | None = None
        self._mask_renderer: Renderer | None = None

    def picture(self, camera: str, size: int, backdrop: Backdrop, step: int, marking: Marking | None) -> Image:
        """(size, size, 3) uint8; a moving backdrop stands where it is at a control step."""
        if self._renderer is None or self._painter is None:
            self._renderer = Renderer(self._scene.model)
            self._painter = Painter(self._scene.model, self._renderer)
        self._painter.show(backdrop, step)
        return self._renderer.rgb(self._scene.data, camera, size, marking)

    def segmentation(self, camera: str, size: int) -> NDArray[np.int32]:
        """(size, size) int32 class per pixel, an index into `SEGMENTS`."""
        return self._segments[self._geoms(camera, size) + 1]

    def mask(self, camera: str, bodies: Collection[int], size: int) -> NDArray[np.bool_]:
        """(size, size) bool: pixels that show one of these bodies."""
        return np.isin(self._owners[self._geoms(camera, size)], list(bodies))

    def pick(self, camera: str, u: float, v: float) -> str | None:
        """Name of the movable thing seen at an image point 0..1 or just beside it, if any."""
        for du, dv in _AROUND:
            geom = cameras.geom_at(self._scene.model, self._scene.data, camera, u + du, v + dv)
            name = self._scene.owner(geom) if geom >= 0 else None
            if name is not None:
                return name
        return None

    def close(self) -> None:
        """Free the renderers; the next picture makes new ones."""
        for renderer in (self._renderer, self._mask_renderer):
            if renderer is not None:
                renderer.close()
        self._renderer = self._painter = self._mask_renderer = None

    def _geoms(self, camera: str, size: int) -> NDArray[np.int32]:
        # A renderer of its own: toggling segmentation on one context has crashed after minutes.
        if self._mask_renderer is None:
            self._mask_renderer = Renderer(self._scene.model)
        return self._mask_renderer.geoms(self._scene.data, camera, size)
