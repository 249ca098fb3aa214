"""How far a dream is likely to be from reality, read off how badly its latents survive being drawn and read again.

Latents of real pictures come back from the tokenizer's decoder and encoder almost as they were. The further imagined
latents are from those of any picture, the less they do; a curve, fitted to dreams beside the simulator, says which
difference of the pictures goes with it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from wam_demo.errors import CheckpointError

FILE = "dream_error.json"
"""Beside the imagination model's weights."""
KNOTS = 12
"""Of a fitted curve."""


@dataclass(frozen=True)
class DreamErrorCurve:
    """A curve that never falls; beyond its ends it stays as it is there.

    Attributes:
        inconsistency: Increasing; mean absolute difference of latents and what comes back, in standard deviations.
        error: Expected mean absolute difference of the pictures to real ones, 0..1.
        imagination_sha256: Weights that it is true of.
        measured: Free-form provenance.
    """

    inconsistency: tuple[float, ...]
    error: tuple[float, ...]
    imagination_sha256: str = ""
    measured: dict[str, Any] = field(default_factory=dict)

    def expected(self, inconsistency: float) -> float:
        """Expected error of a frame."""
        return float(np.interp(inconsistency, self.inconsistency, self.error))

    @classmethod
    def fitted(
        cls, inconsistency: NDArray[np.float64], error: NDArray[np.float64], imagination_sha256: str = ""
    ) -> Self:
        """The curve through the means of equally many frames each, made never to fall (isotonic regression).

        Args:
            inconsistency: (N,) of frames, N at least `KNOTS`.
            error: (N,) measured.
            imagination_sha256: Of the weights that imagined them.
        """
        from scipy.optimize import isotonic_regression

        groups = np.array_split(np.argsort(inconsistency, kind="stable"), KNOTS)
        means = np.array([[inconsistency[group].mean(), error[group].mean()] for group in groups])
        rising = isotonic_regression(means[:, 1], weights=[len(group) for group in groups]).x
        return cls(_rounded(means[:, 0]), _rounded(rising), imagination_sha256)

    def save(self, directory: Path) -> None:
        """Write `FILE`."""
        (directory / FILE).write_text(json.dumps(asdict(self), indent=1, sort_keys=True) + "\n")

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
            values = json.loads(path.read_text())
            curve = cls(tuple(values.pop("inconsistency")), tuple(values.pop("error")), **values)
            usable = np.isfinite([curve.inconsistency, curve.error]).all() and np.diff(curve.inconsistency).min() > 0
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise CheckpointError(f"{path} is corrupt: {error}") from None
        if not usable:
            raise CheckpointError(f"{path} is corrupt: not a curve")
        if curve.imagination_sha256 != imagination_sha256:
            raise CheckpointError(f"{path} was measured with other weights than those beside it")
        return curve


def _rounded(values: Sequence[float] | NDArray[np.float64]) -> tuple[float, ...]:
    return tuple(round(float(value), 5) for value in values)
