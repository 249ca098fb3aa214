"""How far a dream is likely to be from reality, told by two things that its own network makes of it.

*Inconsistency*: latents of real pictures come back from the tokenizer's decoder and encoder almost as they were; the
further imagined latents are from those of any picture, the less they do. *Strangeness*: how much of what the backbone
makes of a frame lies outside of what it makes of demonstrations. A curve, fitted to dreams beside the simulator, says
which difference of the pictures goes with the product of both.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file
from torch import Tensor

from wam_demo.errors import CheckpointError

FILE = "doubt.safetensors"
"""Beside the imagination model's weights."""
BLOCK = 2
"""Of the backbone, whose output is looked at; the third."""
AXES = 40
"""Principal axes of demonstrations."""
KNOTS = 12
"""Of a fitted curve."""
_PARTS = ("mean", "scale", "axes", "doubt", "error")


@dataclass(frozen=True, eq=False)
class DoubtModel:
    """What demonstrations look like to a backbone, and what doubt means.

    Attributes:
        mean: (D,) of pooled features, D the cameras times the backbone's width.
        scale: (D,) their deviations.
        axes: (K, D) principal axes of what is left after both.
        doubt: (N,) of the curve, increasing.
        error: (N,) expected mean absolute difference of the pictures to real ones, 0..1; never falls.
        imagination_sha256: Weights that it is true of.
        measured: Free-form provenance.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    axes: NDArray[np.float32]
    doubt: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    error: NDArray[np.float32] = field(default_factory=lambda: np.zeros(0, np.float32))
    imagination_sha256: str = ""
    measured: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_demonstrations(cls, pooled: NDArray[np.float32], imagination_sha256: str = "") -> Self:
        """Without a curve yet.

        Args:
            pooled: (M, D) features of frames of demonstrations, as `pooled_features` has them.
            imagination_sha256: Weights of the imagination model beside which it will lie.
        """
        mean, scale = pooled.mean(0), pooled.std(0) + 1e-3
        axes = np.linalg.svd((pooled - mean) / scale, full_matrices=False)[2][:AXES]
        return cls(mean, scale, axes.astype(np.float32), imagination_sha256=imagination_sha256)

    def strangeness(self, pooled: NDArray[np.float32]) -> float:
        """Root mean square of what lies outside of the axes, of (D,) pooled features in standard deviations."""
        inside = (pooled - self.mean) / self.scale
        return float(np.sqrt(np.mean((inside - (inside @ self.axes.T) @ self.axes) ** 2)))

    def expected(self, doubt: float) -> float | None:
        """Expected error of a frame; ``None`` without a curve. Beyond the curve's ends it stays as it is there."""
        return float(np.interp(doubt, self.doubt, self.error)) if len(self.doubt) else None

    def with_curve(self, doubt: NDArray[np.float64], error: NDArray[np.float64]) -> Self:
        """The same with a curve through the means of equally many frames each, made never to fall (isotonic).

        Args:
            doubt: (M,) of frames, M at least `KNOTS`.
            error: (M,) measured.
        """
        from scipy.optimize import isotonic_regression

        groups = np.array_split(np.argsort(doubt, kind="stable"), KNOTS)
        means = np.array([[doubt[group].mean(), error[group].mean()] for group in groups])
        rising = isotonic_regression(means[:, 1], weights=[len(group) for group in groups]).x
        return replace(self, doubt=means[:, 0].astype(np.float32), error=rising.astype(np.float32))

    def save(self, directory: Path) -> None:
        """Write `FILE`."""
        told = {"imagination_sha256": self.imagination_sha256, "measured": json.dumps(self.measured)}
        save_file({name: np.ascontiguousarray(getattr(self, name)) for name in _PARTS}, directory / FILE, told)

    @classmethod
    def read(cls, directory: Path, imagination_sha256: str) -> Self | None:
        """What lies beside these weights; ``None`` if nothing does.

        Raises:
            CheckpointError: It is corrupt, or of other weights.
        """
        path = directory / FILE
        if not path.is_file():
            return None
        try:
            with safe_open(path, "numpy") as file:
                told = file.metadata() or {}
                parts = {name: file.get_tensor(name) for name in _PARTS}
            model = cls(**parts, imagination_sha256=told["imagination_sha256"], measured=json.loads(told["measured"]))
        except (SafetensorError, OSError, ValueError, KeyError) as error:
            raise CheckpointError(f"{path} is corrupt: {error}") from None
        if not all(np.isfinite(part).all() for part in parts.values()) or (np.diff(model.doubt) <= 0).any():
            raise CheckpointError(f"{path} is corrupt: not a curve")
        if model.imagination_sha256 != imagination_sha256:
            raise CheckpointError(f"{path} was measured with other weights than those beside it")
        return model


def pooled_features(features: Sequence[Tensor], cameras: int) -> NDArray[np.float32]:
    """(B, D) means over each camera's tokens of `BLOCK`'s output, from every block's (B, cameras * tokens, dim)."""
    chosen = features[min(BLOCK, len(features) - 1)].float()
    return chosen.unflatten(1, (cameras, -1)).mean(2).flatten(1).numpy()
