"""What matters to a plan: edits of video tokens inside a region against edits of as many outside it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from wam_demo.policies.tokens import Cells, Edit, TokenGrid
from wam_demo.types import Vector

KINDS = ("mean", "zero", "shuffle", "swap")
"""Token edits: the mean token of the view, zero, places exchanged inside the cells, or with cells of the background."""
DRAWS = 16
"""Draws of background cells per moment."""


@dataclass(frozen=True)
class MatchedDraw:
    """Equally many cells of each view inside and outside a region.

    Attributes:
        inside: (k,) cells of the region.
        outside: (k,) cells of the background.
        partners: (k,) further cells of the background, with which either may change places.
    """

    inside: Cells
    outside: Cells
    partners: Cells


def matched_draws(
    region: NDArray[np.bool_], grid: TokenGrid, rng: np.random.Generator, draws: int = DRAWS
) -> list[MatchedDraw]:
    """Draw as many background cells as the region has, view by view.

    Where the region covers more than a third of a view, a random part of it as large as half the
    background stands for it, a fresh one in each draw.

    Args:
        region: (N,) bool.
        grid: How the N tokens lie.
        rng: Draws the cells.
        draws: How many.
    """
    return [_draw(region, grid, rng) for _ in range(draws)]


def _draw(region: NDArray[np.bool_], grid: TokenGrid, rng: np.random.Generator) -> MatchedDraw:
    inside, outside, partners = [], [], []
    for camera in range(len(grid.cameras)):
        here = np.arange(camera * grid.frame, (camera + 1) * grid.frame)
        seen, rest = here[region[here]], here[~region[here]]
        size = min(len(seen), len(rest) // 2)
        inside.append(np.sort(rng.permutation(seen)[:size]))
        background = rng.permutation(rest)[: 2 * size]
        outside.append(background[:size])
        partners.append(background[size:])
    return MatchedDraw(*(np.concatenate(part) for part in (inside, outside, partners)))


def edit_of(kind: str, cells: Cells, partners: Cells, grid: TokenGrid, rng: np.random.Generator) -> Edit:
    """One edit of a kind in `KINDS`."""
    if kind == "swap":
        return grid.swap(cells, partners)
    if kind == "shuffle":
        return grid.shuffle(cells, rng)
    return {"mean": grid.mean, "zero": grid.zero}[kind](cells)


@dataclass(frozen=True)
class MatchedEdits:
    """Every edit that one moment needs, each planned once.

    Attributes:
        edits: (K, N) distinct edits.
        rows: (kinds, 2, draws) row of ``edits`` by kind, inside or outside, and draw.
    """

    edits: NDArray[np.int64]
    rows: NDArray[np.int64]

    def effects(self, change: Vector) -> dict[str, tuple[float, float]]:
        """Mean change inside and outside by kind, from the (K,) changes of ``edits``."""
        means = change[self.rows].mean(-1)
        return {kind: (float(inside), float(outside)) for kind, (inside, outside) in zip(KINDS, means, strict=True)}


def matched_edits(draws: Sequence[MatchedDraw], grid: TokenGrid, rng: np.random.Generator) -> MatchedEdits:
    """The edits of some draws: every kind, inside and outside."""
    wanted = [
        edit_of(kind, cells, draw.partners, grid, rng)
        for kind in KINDS
        for side in ("inside", "outside")
        for draw in draws
        for cells in [getattr(draw, side)]
    ]
    edits, rows = np.unique(np.stack(wanted), axis=0, return_inverse=True)
    return MatchedEdits(edits, rows.reshape(len(KINDS), 2, len(draws)))


def cell_edits(grid: TokenGrid) -> NDArray[np.int64]:
    """(N, N): one edit for each cell, its token becoming the view's mean token; their changes are the causal map."""
    return np.stack([grid.mean(np.array([cell])) for cell in range(grid.count)])
