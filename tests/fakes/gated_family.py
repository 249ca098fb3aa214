"""A policy family that the package has never heard of, registered in this one file.

Importing it makes ``gated`` known: a gate between two experts' chunks, an extra picture of each view, and one of a view
that no camera takes.
"""

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from wam_demo.policies.registry import LoadContext, PolicySpec, policy_specs, register
from wam_demo.types import (
    FUTURE_STEPS,
    ActionChunk,
    Band,
    Chunks,
    Frames,
    Heatmap,
    Image,
    Imaginer,
    Observation,
    Panel,
    Prediction,
    Scalars,
)

GATE, EXPERTS, SHADOWS, INTEREST, NUMBERS = "Gate", "Reach and grasp", "Shadows", "Interest", "Numbers"
ABOVE = "Above"
"""Titles of its panels."""


class GatedPolicy(Imaginer):
    """Mixes two chunks with a gate that follows the hand; everything follows from observation and seed."""

    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        return [self._plan(observation, seed) for observation, seed in zip(observations, seeds, strict=True)]

    def _plan(self, observation: Observation, seed: int) -> Prediction:
        gate = float(10 * abs(observation.state[0]) % 1)
        reach, grasp = np.zeros((2, 16, 7), np.float32)
        reach[:, 0], reach[:, 6], grasp[:, 2] = 0.01, 1.0, -0.005
        reach[:, 1] = np.random.default_rng(seed).uniform(-1e-3, 1e-3, 16)
        mixed = ActionChunk((1 - gate) * reach + gate * grasp)
        cells = np.ones((8, 8), np.float32) / 64
        attention = dict.fromkeys(observation.images, 0.45 * cells)
        rest = 1 - 0.45 * len(attention)
        panels: dict[str, Panel] = {
            GATE: Band(gate, "reach", "grasp"),
            EXPERTS: Chunks({"reach": ActionChunk(reach), "grasp": ActionChunk(grasp)}),
            SHADOWS: Frames({camera: (image // 2)[None] for camera, image in observation.images.items()}),
            ABOVE: Frames({"above": np.full((1, 64, 64, 3), 200, np.uint8)}),
            INTEREST: Heatmap({camera: np.eye(8, dtype=np.float32) for camera in observation.images}),
            NUMBERS: Scalars({"reach [m]": 0.16, "seed": float(seed)}),
        }
        return Prediction(mixed, attention, {"proprio": rest}, panels, {"policy_call": 1.0})

    def imagine_stages(
        self,
        observations: Sequence[Observation],
        *,
        samples: int = 1,
        seed: int = 0,
        chunks: Sequence[ActionChunk] | None = None,
    ) -> Iterator[list[list[Mapping[str, Image]]] | None]:
        yield None
        yield [
            [{camera: np.stack([image] * len(FUTURE_STEPS)) for camera, image in observation.images.items()}] * samples
            for observation in observations
        ]


def load(context: LoadContext) -> GatedPolicy:
    return GatedPolicy()


GATED = PolicySpec(
    name="gated",
    label="Gated experts",
    sentence="Two experts and a gate between them.",
    load=load,
    imagines=True,
    attends=True,
)
if GATED.name not in [spec.name for spec in policy_specs()]:
    register(GATED)
