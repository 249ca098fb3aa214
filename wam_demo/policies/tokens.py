"""Edits of the video tokens that the action head reads: what each token is replaced by."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Edit = NDArray[np.int64]
"""(N,) source of each of the N tokens: 0 .. N - 1 is a token, N is zero, N + 1 + c is the mean token of camera c."""
Cells = NDArray[np.int64]
"""Indices of tokens."""


@dataclass(frozen=True)
class TokenGrid:
    """How the observed video tokens lie: camera after camera, each row by row.

    Attributes:
        cameras: Views in token order.
        side: Tokens per side of a view.
    """

    cameras: tuple[str, ...]
    side: int

    @property
    def frame(self) -> int:
        """Tokens of one view."""
        return self.side**2

    @property
    def count(self) -> int:
        """Tokens of all views (N)."""
        return len(self.cameras) * self.frame

    def flatten(self, maps: Mapping[str, NDArray]) -> NDArray:
        """(side, side) maps by camera to one (N,) vector."""
        return np.concatenate([np.asarray(maps[camera]).reshape(self.frame) for camera in self.cameras])

    def split(self, values: NDArray) -> dict[str, NDArray]:
        """Inverse of `flatten`."""
        parts = np.asarray(values).reshape(len(self.cameras), self.side, self.side)
        return dict(zip(self.cameras, parts, strict=True))

    def camera_of(self, cells: Cells) -> Cells:
        """Index of the camera of each cell."""
        return cells // self.frame

    def keep(self) -> Edit:
        """No edit."""
        return np.arange(self.count)

    def zero(self, cells: Cells) -> Edit:
        """The cells' tokens become zero."""
        edit = self.keep()
        edit[cells] = self.count
        return edit

    def mean(self, cells: Cells) -> Edit:
        """The cells' tokens become the mean token of their view: nothing in particular is there."""
        edit = self.keep()
        edit[cells] = self.count + 1 + self.camera_of(cells)
        return edit

    def shuffle(self, cells: Cells, rng: np.random.Generator) -> Edit:
        """Within each view the cells' tokens change places at random; none stays where it is, unless it is alone."""
        edit = self.keep()
        for camera in range(len(self.cameras)):
            order = rng.permutation(cells[self.camera_of(cells) == camera])
            edit[order] = np.roll(order, 1)
        return edit

    def swap(self, cells: Cells, partners: Cells) -> Edit:
        """The cells' tokens and as many others change places."""
        edit = self.keep()
        edit[cells], edit[partners] = partners, cells
        return edit

    def check(self, edits: NDArray) -> NDArray[np.int64]:
        """(K, N) edits as they were given; raises `ValueError` when they are not edits of these tokens."""
        edits = np.asarray(edits)
        if edits.ndim != 2 or edits.shape[1] != self.count or edits.dtype.kind != "i":
            raise ValueError(f"edits must be (K, {self.count}) integers, got {edits.shape} {edits.dtype}")
        if edits.size and not (edits.min() >= 0 and edits.max() <= self.count + len(self.cameras)):
            raise ValueError(f"an edit names a source that is not in 0 .. {self.count + len(self.cameras)}")
        return edits.astype(np.int64)
