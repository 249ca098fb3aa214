"""Off-screen rendering of a MuJoCo scene; a renderer belongs to the thread that made it."""

import weakref

import cv2
import mujoco
import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import UnknownNameError
from wam_demo.sim.marking import Marking
from wam_demo.types import Image


class Renderer:
    """One off-screen context for one model.

    Args:
        model: Compiled scene; ``visual.global.offwidth`` bounds the largest image.
        shadows: Whether lights cast shadows; three times slower on a CPU.
    """

    def __init__(self, model: mujoco.MjModel, *, shadows: bool = False) -> None:
        self._model = model
        self._max_size = min(model.vis.global_.offwidth, model.vis.global_.offheight)
        self._context = mujoco.GLContext(self._max_size, self._max_size)
        self._context.make_current()
        # No text is ever drawn: the smallest font makes the context eight times faster to create.
        self._mjr = mujoco.MjrContext(model, mujoco.mjtFontScale.mjFONTSCALE_50)
        self._mjr.readDepthMap = mujoco.mjtDepthMap.mjDEPTH_ZEROFAR
        self._free = weakref.finalize(self, _free, self._context, self._mjr)
        mujoco.mjr_setBuffer(mujoco.mjtFramebuffer.mjFB_OFFSCREEN, self._mjr)
        self._scene = mujoco.MjvScene(model, maxgeom=400)
        self._scene.flags[mujoco.mjtRndFlag.mjRND_SHADOW] = shadows
        self._options = mujoco.MjvOption()
        self._camera = mujoco.MjvCamera()
        self._camera.type = mujoco.mjtCamera.mjCAMERA_FIXED

    def rgb(self, data: mujoco.MjData, camera: str, size: int, marking: Marking | None = None) -> Image:
        """(size, size, 3) uint8 RGB."""
        image = np.empty((size, size, 3), np.uint8)
        self._draw(data, camera, size, marking)
        mujoco.mjr_readPixels(image, None, mujoco.MjrRect(0, 0, size, size), self._mjr)
        return image[::-1].copy()

    def geoms(self, data: mujoco.MjData, camera: str, size: int) -> NDArray[np.int32]:
        """(size, size) int32 id of the geom that each pixel shows, -1 for none."""
        return self.geoms_and_depth(data, camera, size)[0]

    def geoms_and_depth(
        self, data: mujoco.MjData, camera: str, size: int
    ) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
        """(size, size) int32 geom ids, -1 for none, and (size, size) float32 distance [m] along the view."""
        image, raw = np.empty((size, size, 3), np.uint8), np.empty((size, size), np.float32)
        flags = [int(mujoco.mjtRndFlag.mjRND_SEGMENT), int(mujoco.mjtRndFlag.mjRND_IDCOLOR)]
        self._scene.flags[flags] = 1
        self._draw(data, camera, size)
        mujoco.mjr_readPixels(image, raw, mujoco.MjrRect(0, 0, size, size), self._mjr)
        self._scene.flags[flags] = 0
        return self._decode(image[::-1].astype(np.int32)), self._metres(raw[::-1])

    def _decode(self, colour: NDArray[np.int32]) -> NDArray[np.int32]:
        shown = colour[..., 0] + 256 * colour[..., 1] + 65536 * colour[..., 2]
        lookup = np.full(self._scene.ngeom + 1, -1, np.int32)
        for geom in self._scene.geoms[: self._scene.ngeom]:
            if geom.objtype == mujoco.mjtObj.mjOBJ_GEOM and geom.segid >= 0:
                lookup[geom.segid + 1] = geom.objid
        return lookup[np.clip(shown, 0, self._scene.ngeom)]

    def _metres(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        extent = self._model.stat.extent
        near, far = self._model.vis.map.znear * extent, self._model.vis.map.zfar * extent
        # The depth buffer is reversed: 1 at the near plane, 0 at the far plane.
        return (near * far / ((far - near) * raw.astype(np.float64) + near)).astype(np.float32)

    def upload_texture(self, texture: int) -> None:
        """Send a texture whose pixels changed in the model to the renderer."""
        self._context.make_current()
        mujoco.mjr_uploadTexture(self._model, self._mjr, texture)

    def close(self) -> None:
        """Free the off-screen context; the renderer is unusable afterwards."""
        self._free()

    def _draw(self, data: mujoco.MjData, camera: str, size: int, marking: Marking | None = None) -> None:
        if not self._free.alive:
            raise RuntimeError("this renderer was closed")
        if not 1 <= size <= self._max_size:
            raise ValueError(f"image size {size} px: valid is 1..{self._max_size}")
        self._context.make_current()
        self._camera.fixedcamid = camera_id(self._model, camera)
        mujoco.mjv_updateScene(
            self._model, data, self._options, None, self._camera, mujoco.mjtCatBit.mjCAT_ALL.value, self._scene
        )
        if marking is not None:
            marking.draw(self._model, data, self._scene)
        mujoco.mjr_render(mujoco.MjrRect(0, 0, size, size), self._scene, self._mjr)


def _free(context: mujoco.GLContext, mjr: mujoco.MjrContext) -> None:
    context.make_current()
    mjr.free()
    context.free()


def camera_id(model: mujoco.MjModel, camera: str) -> int:
    """Index of a named camera; raises `UnknownNameError`."""
    index = mujoco.mj_name2id(model, mujoco.mjtObj.mjOBJ_CAMERA, camera)
    if index < 0:
        raise UnknownNameError("camera", camera, [model.camera(i).name for i in range(model.ncam)])
    return index


def area_downsample(image: Image, size: int) -> Image:
    """Average whole blocks of pixels down to (size, size, 3): anti-aliasing by supersampling."""
    if image.shape[0] == size:
        return image
    return cv2.resize(image, (size, size), interpolation=cv2.INTER_AREA)
