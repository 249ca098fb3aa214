"""HarmoWAM as a policy: the world model's action head, inverse dynamics of what it imagines, a gate between them."""

import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_demo.errors import CheckpointError, PolicyFault
from wam_demo.models.harmo.experts import FOLDER, Experts
from wam_demo.models.harmo.gate import THRESHOLD
from wam_demo.models.harmo.imagined import imagine_motion
from wam_demo.models.harmo.phases import LOW_M
from wam_demo.models.tokenizer import to_images
from wam_demo.models.wam.model import BackboneFeatures
from wam_demo.policies.wam.policy import WamPolicy
from wam_demo.types import (
    FUTURE_STEPS,
    IMAGE_SIZE,
    ActionChunk,
    Band,
    Chunks,
    Frames,
    Image,
    Observation,
    Panel,
    Prediction,
)

Driver = Literal["gate", "height", "predictive", "reactive", "average"]
DRIVERS: tuple[Driver, ...] = get_args(Driver)
"""Who makes the plan that is executed."""
GATE, EXPERTS, READ = "Gate", "Experts", "What the reactive expert reads"
"""Titles of its panels."""


class HarmoPolicy(WamPolicy):
    """Plans with both experts at every call; the driver says which plan counts.

    The attention and what can be probed are the predictive expert's; what it imagines for a plan is the world model's.

    Args:
        checkpoint: Directory that ``train harmo`` wrote: a world action model, and the experts beside its weights.
        driver: See `DRIVERS`.
        tokenizer: As for `WamPolicy`.

    Raises:
        CheckpointError: A file is missing or corrupt, or the experts belong to other weights.
    """

    def __init__(self, checkpoint: Path, driver: Driver = "gate", tokenizer: Path | None = None) -> None:
        super().__init__(checkpoint, tokenizer)
        self.driver = driver
        self.experts = Experts.from_pretrained(Path(checkpoint) / FOLDER).to(self.dtype)
        if self.experts.config.wam_sha256 != self.checkpoint_sha256:
            raise CheckpointError(f"{Path(checkpoint) / FOLDER} was trained with other weights than those beside it")
        if self.imagination is None:
            raise CheckpointError(f"{checkpoint} has no imagination model, whose frames the reactive expert reads")
        self.imagines_with = self.imagination

    @torch.inference_mode()
    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation with both experts.

        Args:
            observations: Any number; they are one batch.
            seeds: Noise seed of each: of the predictive expert's chunk and of what is imagined.
        """
        began = time.perf_counter()
        observed = self.read(observations)
        plan = self.plan(observed, self.noise(seeds))
        planned = time.perf_counter()
        probabilities = self._gate(observed).tolist()
        future = self.imagine_freely(observed, seeds)
        imagined = time.perf_counter()
        read = self.experts.reactive(future.to(self.dtype), observed.latents)
        reactive = self.model.normaliser.decode_chunk(read).numpy()
        if not np.isfinite(reactive).all():
            raise PolicyFault("the reactive expert planned values that are not finite")
        pictures = self._pictures(future, observed)
        ended = time.perf_counter()
        timing = {
            "predict": 1e3 * (planned - began),
            "imagine": 1e3 * (imagined - planned),
            "react": 1e3 * (ended - imagined),
            "policy_call": 1e3 * (ended - began),
        }
        predictive = [self._prediction(plan, row, timing) for row in range(len(observations))]
        return [
            self._joined(own, ActionChunk(actions), probability, images, float(seen.state[2]))
            for own, actions, probability, images, seen in zip(
                predictive, reactive, probabilities, pictures, observations, strict=True
            )
        ]

    @torch.inference_mode()
    def interaction(self, observations: Sequence[Observation]) -> NDArray[np.float64]:
        """(len(observations),) what the gate says: the probability of interaction."""
        return self._gate(self.read(observations)).double().numpy()

    def imagine_freely(self, observed: BackboneFeatures, seeds: Sequence[int]) -> Tensor:
        """What the world model imagines from the present and the instruction alone: the motion, then the frames.

        The reactive expert must not read frames that follow the predictive expert's plan: it would decode that again.

        Returns:
            (B, cameras, horizons, C, H, W) latents, float32.
        """
        motion = self.experts.motion(observed.features[-1], observed.text, observed.state).float()
        noise, steps = self.imagination_noise(seeds), self.experts.config.steps
        return imagine_motion(self.imagines_with, self.model, self.tokenizer, observed, motion, noise, steps)

    def _gate(self, observed: BackboneFeatures) -> Tensor:
        return self.experts.gate(observed.features[-1]).float().sigmoid()

    def imagination_noise(self, seeds: Sequence[int]) -> Tensor:
        """(len(seeds), cameras, horizons, C, H, W) standard normal, row by row from its own seed."""
        video = self.model.config.backbone
        shape = (video.cameras, video.horizons, video.latent_channels, video.latent_size, video.latent_size)
        generators = (torch.Generator().manual_seed((int(seed) + 1) % 2**63) for seed in seeds)
        return torch.stack([torch.randn(shape, generator=generator) for generator in generators])

    def _pictures(self, future: Tensor, observed: BackboneFeatures) -> list[dict[str, Image]]:
        """(4, H, W, 3) uint8 by camera of each observation."""
        count, cameras, horizons = future.shape[:3]
        decoded = to_images(self.coder.decode(future.flatten(0, 2).to(self.dtype)))
        frames = decoded.view(count, cameras, horizons, IMAGE_SIZE, IMAGE_SIZE, 3).numpy()
        return [dict(zip(self.cameras, sample, strict=True)) for sample in frames]

    def _joined(
        self,
        predictive: Prediction,
        reactive: ActionChunk,
        interaction: float,
        images: dict[str, Image],
        height_m: float,
    ) -> Prediction:
        panels: dict[str, Panel] = {
            GATE: Band(interaction, "transit: reactive", "interaction: predictive"),
            EXPERTS: Chunks({"predictive": predictive.chunk, "reactive": reactive}),
            READ: Frames(images, FUTURE_STEPS),
        }
        return replace(
            predictive,
            chunk=drive(self.driver, predictive.chunk, reactive, interaction, height_m),
            panels={**predictive.panels, **panels},
        )


def drive(
    driver: Driver, predictive: ActionChunk, reactive: ActionChunk, interaction: float, height_m: float
) -> ActionChunk:
    """The chunk that is executed.

    Args:
        driver: Who decides; the gate switches hard, as averaging is what the paper finds to fail.
        predictive: For interaction.
        reactive: For transit.
        interaction: What the gate says, 0..1.
        height_m: Of the TCP [m]; all that ``height`` looks at.
    """
    if driver == "average":
        return ActionChunk(0.5 * (predictive.actions + reactive.actions))
    rules = {"gate": interaction >= THRESHOLD, "height": height_m < LOW_M, "predictive": True, "reactive": False}
    return predictive if rules[driver] else reactive
