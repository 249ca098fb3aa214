"""One live question about one moment: where does the policy look, and what changes when a region is masked?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.intervention import DRAWS, cell_edits
from wam_demo.policies.tokens import Cells, TokenGrid
from wam_demo.types import Vector

if TYPE_CHECKING:
    from wam_demo.policies.probe import Probe


@dataclass(frozen=True)
class Selection:
    """A rectangle of cells of one view; ends included.

    Attributes:
        camera: View.
        top: First row.
        left: First column.
        bottom: Last row.
        right: Last column.
    """

    camera: str
    top: int
    left: int
    bottom: int
    right: int

    @classmethod
    def between(cls, camera: str, one: tuple[float, float], other: tuple[float, float], side: int) -> Selection:
        """The cells between two image points (right, down) 0..1."""
        columns, rows = ([min(int(point[axis] * side), side - 1) for point in (one, other)] for axis in (0, 1))
        return cls(camera, min(rows), min(columns), max(rows), max(columns))

    def cells(self, grid: TokenGrid) -> Cells:
        """Indices of the selected tokens."""
        marked = {camera: np.zeros((grid.side, grid.side), bool) for camera in grid.cameras}
        marked[self.camera][self.top : self.bottom + 1, self.left : self.right + 1] = True
        return np.flatnonzero(grid.flatten(marked))


@dataclass(frozen=True)
class Question:
    """The token edits that answer what a person asks.

    Attributes:
        grid: How the tokens lie.
        selection: What is masked; ``None`` asks for the map only.
        edits: (K, N): every cell, then the selection, then as many cells elsewhere in the same view, drawn often.
    """

    grid: TokenGrid
    selection: Selection | None
    edits: NDArray[np.int64]

    @classmethod
    def about(cls, selection: Selection | None, grid: TokenGrid, rng: np.random.Generator) -> Question:
        """Ask about a selection."""
        edits = [*cell_edits(grid)]
        if selection is not None:
            cells = selection.cells(grid)
            edits.append(grid.mean(cells))
            view = np.flatnonzero(grid.camera_of(np.arange(grid.count)) == grid.camera_of(cells)[0])
            elsewhere = np.setdiff1d(view, cells)
            if len(elsewhere) >= len(cells):
                edits += [grid.mean(rng.permutation(elsewhere)[: len(cells)]) for _ in range(DRAWS)]
        return cls(grid, selection, np.stack(edits))

    def answer(self, probe: Probe) -> Finding:
        """Read the answer off what the edits did."""
        count = self.grid.count
        attention = {camera: np.asarray(cells) for camera, cells in probe.prediction.attention.items()}
        causal = self.grid.split(probe.change[:count])
        masked = None if self.selection is None else self._masked(probe, self.selection, attention)
        return Finding(attention, causal, probe.prediction.chunk.actions, masked)

    def _masked(self, probe: Probe, selection: Selection, attention: Mapping[str, Vector]) -> Masked:
        count, cells = self.grid.count, selection.cells(self.grid)
        background = probe.shift_m[count + 1 :]
        seen = self.grid.flatten(attention)
        return Masked(
            selection=selection,
            looks=float(seen[cells].sum() / seen.sum()),
            area=len(cells) / count,
            change=float(probe.change[count]),
            shift_m=float(probe.shift_m[count]),
            background_m=float(background.mean()) if len(background) else None,
            actions=probe.actions[count],
        )


@dataclass(frozen=True)
class Masked:
    """What masking a selection does to the plan; masked cells show their view's mean token.

    Attributes:
        selection: What was masked.
        looks: Share of the attention on the images that falls on it.
        area: Its share of all cells.
        change: L2 change of the standardised chunk.
        shift_m: How far the planned TCP moves [m], mean over the chunk.
        background_m: The same for as many cells elsewhere in the view, mean over draws; ``None`` if it
            covers more than half of the view.
        actions: (16, 7) the plan under the mask.
    """

    selection: Selection
    looks: float
    area: float
    change: float
    shift_m: float
    background_m: float | None
    actions: Vector


@dataclass(frozen=True)
class Finding:
    """The answer to a `Question`.

    Attributes:
        attention: (side, side) softmax mass by camera, of the plan without an edit.
        causal: (side, side) L2 change of the plan by camera, when the cell is masked.
        actions: (16, 7) the plan without an edit.
        masked: About the selection, if there is one.
    """

    attention: Mapping[str, Vector]
    causal: Mapping[str, Vector]
    actions: Vector
    masked: Masked | None
