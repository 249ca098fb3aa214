"""Does HarmoWAM's gate know when? Its answers on demonstrations at every control step, against its labels."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from wam_demo.diagnose.bootstrap import ratio_interval
from wam_demo.errors import InvalidInputError
from wam_demo.models.harmo.gate import THRESHOLD
from wam_demo.models.harmo.phases import interaction
from wam_demo.types import CHUNK_STEPS, CONTROL_HZ, POLICY_CAMERAS, Image, Observation

if TYPE_CHECKING:
    from wam_demo.data.lerobot import Dataset

BATCH = 16
NEAR_S = 0.3
"""A switch within this time of a label's is on time."""

Gate = Callable[[Sequence[Observation]], NDArray[np.float64]]
"""Observations to probabilities (B,) of interaction."""


@dataclass(frozen=True)
class GateTrace:
    """What the gate said during one episode, one value a control step.

    Attributes:
        probability: (N,) of interaction.
        label: (N,) bool.
    """

    probability: NDArray[np.float64]
    label: NDArray[np.bool_]

    @property
    def says(self) -> NDArray[np.bool_]:
        """(N,) who would drive: True for the predictive expert."""
        return self.probability >= THRESHOLD


def gate_traces(gate: Gate, dataset: Dataset) -> Iterator[GateTrace]:
    """Ask the gate about every frame, episode by episode.

    Args:
        gate: What is asked.
        dataset: Written by ``demos`` with every control step and the expert's chunks.

    Raises:
        InvalidInputError: It was not.
    """
    if "expert_chunk" not in dataset.features or dataset.fps != CONTROL_HZ:
        raise InvalidInputError(f"{dataset.root} is no dataset of 'demos --every 1', which labels every control step")
    states, instructions = dataset.column("observation.state"), dataset.instructions
    openings = dataset.column("expert_chunk").reshape(len(states), CHUNK_STEPS, -1)[..., 6]
    episode = np.asarray(dataset.column("episode_index"), np.int64)
    labels = interaction(openings, states[:, 2], episode, every=1)
    pictures = zip(*(dataset.iter_images(camera) for camera in POLICY_CAMERAS), strict=True)
    for first, last in pairwise([*np.flatnonzero(np.diff(episode, prepend=-1)), len(episode)]):
        said = [gate(batch) for batch in _batches(pictures, states, instructions, range(first, last))]
        yield GateTrace(np.concatenate(said), labels[first:last])


def _batches(
    pictures: Iterator[tuple[Image, ...]], states: NDArray, instructions: Sequence[str], rows: range
) -> Iterator[list[Observation]]:
    """The frames of these rows, which come next, as observations."""
    for start in range(rows.start, rows.stop, BATCH):
        batch = []
        for row in range(start, min(start + BATCH, rows.stop)):
            images = dict(zip(POLICY_CAMERAS, next(pictures), strict=True))
            batch.append(Observation(images, states[row].astype(np.float32), instructions[row], row / CONTROL_HZ))
        yield batch


def switches(says: NDArray[np.bool_]) -> list[tuple[int, bool]]:
    """Control steps at which it changes, and to what."""
    return [(int(step), bool(says[step])) for step in np.flatnonzero(says[1:] != says[:-1]) + 1]


def offsets_s(of: NDArray[np.bool_], to: NDArray[np.bool_]) -> list[float]:
    """Time [s] from every switch of one to the closest one of the other in the same direction; infinite without one."""
    there = switches(to)
    return [
        min((abs(step - other) / CONTROL_HZ for other, now in there if now == direction), default=np.inf)
        for step, direction in switches(of)
    ]


def gate_document(traces: Sequence[GateTrace]) -> dict[str, Any]:
    """JSON-serialisable figures.

    Returns:
        ``episodes``, ``frames``; ``accuracy``, its interval over episodes, and ``majority``, that of always giving the
        commoner label; ``switches`` of the labels and ``gate_switches``; ``on_time``, the share of the labels' switches
        that the gate makes within 0.3 s, ``called_for``, the share of its own within 0.3 s of a label's, and
        ``offset_s``, the median distance of a label's switch from the gate's.
    """
    right = np.array([float((trace.says == trace.label).sum()) for trace in traces])
    counts = np.array([float(len(trace.label)) for trace in traces])
    missed = [offset for trace in traces for offset in offsets_s(trace.label, trace.says)]
    called = [offset for trace in traces for offset in offsets_s(trace.says, trace.label)]
    share = float(np.concatenate([trace.label for trace in traces]).mean())
    return {
        "episodes": len(traces),
        "frames": int(counts.sum()),
        "accuracy": float(right.sum() / counts.sum()),
        "accuracy_ci95": list(ratio_interval(right, counts)),
        "majority": max(share, 1 - share),
        "switches": len(missed),
        "gate_switches": len(called),
        "on_time": _share_near(missed),
        "called_for": _share_near(called),
        "offset_s": float(np.median(missed)) if missed and np.isfinite(np.median(missed)) else None,
    }


def _share_near(offsets: Sequence[float]) -> float | None:
    return float(np.mean(np.asarray(offsets) <= NEAR_S + 1e-9)) if offsets else None
