"""An action-images model as a policy: it draws what it will do, and what is drawn is read back and executed."""

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from wam_demo.data.schema import POSE_DIM, flat_poses
from wam_demo.errors import PolicyFault
from wam_demo.models.action_images.model import ActionImagesModel
from wam_demo.models.action_images.pictures import (
    LEAST_CONFIDENCE,
    actions_to,
    decode,
    peaks,
    points_of,
    poses_after,
)
from wam_demo.models.action_images.sequence import Future, Present
from wam_demo.models.action_images.views import Views
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.geometry import Calibration
from wam_demo.models.precision import compute_dtype
from wam_demo.models.text import text_encoder
from wam_demo.models.tokenizer import to_tensor
from wam_demo.policies.action_images.shown import Reading, panels
from wam_demo.policies.labelling import Footage, Label
from wam_demo.policies.pictures import decoded_stages, pictures_of, states_of, tokenizer_of
from wam_demo.types import POLICY_CAMERAS, ActionChunk, Image, Imaginer, Observation, Prediction, Vector


class ActionImagesPolicy(Imaginer):
    """Plans in policy mode, imagines a plan in action-conditioned video mode and labels films, with one network.

    Args:
        checkpoint: Directory that ``train action-images`` wrote.
        tokenizer: Directory of the tokenizer of the scene's pictures, see `tokenizer_of`.

    Raises:
        CheckpointError: A file is missing or corrupt, or the tokenizer is another one.
    """

    def __init__(self, checkpoint: Path, tokenizer: Path | None = None) -> None:
        checkpoint = Path(checkpoint)
        self.dtype = compute_dtype()
        self.model = ActionImagesModel.from_pretrained(checkpoint).to_compute(self.dtype)
        self.tokenizer = tokenizer_of(checkpoint, self.model.config.trained, tokenizer).to(self.dtype)
        self.cameras = POLICY_CAMERAS
        self.checkpoint_sha256 = sha256_of(checkpoint)
        self._text = text_encoder()

    @property
    def calibration(self) -> Calibration:
        """Of the cameras, where an observation brings none; see `PlanFollower`."""
        return self.model.config.calibration

    def reset(self, instruction: str) -> None:
        """Embed the instruction ahead of the first step; raises `InvalidInputError` if it is unusable."""
        self._text.embed([instruction])

    @torch.inference_mode()
    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation; a plan that cannot be read off its pictures holds the arm.

        Args:
            observations: Any number; they are one batch.
            seeds: Noise seed of each.
        """
        began = time.perf_counter()
        present, state = self.read(observations)
        read = time.perf_counter()
        sampled = self.model.sample(present, Future(self.noise(seeds)))
        drawn = self._pictures(sampled)
        painted = time.perf_counter()
        decoded = decode(present.canvas, drawn, self.model.config.sigma)
        actions, followed = actions_to(state, decoded)
        plans = [self._chunk(row) for row in actions]
        ended = time.perf_counter()
        timing = {
            "read": 1e3 * (read - began),
            "draw": 1e3 * (painted - read),
            "decode": 1e3 * (ended - painted),
            "policy_call": 1e3 * (ended - began),
        }
        predictions = []
        for row, (observation, chunk) in enumerate(zip(observations, plans, strict=True)):
            reading = Reading(followed[row], decoded.confidence[row], decoded.gap[row])
            images = {camera: observation.images[camera] for camera in self.cameras}
            shown = panels(drawn[row], images, self.model.config.margin, reading)
            predictions.append(Prediction(chunk, *self._attention(sampled, row), shown, timing))
        return predictions

    def read(self, observations: Sequence[Observation]) -> tuple[Present, Tensor]:
        """What was observed, where the observations say that the cameras stand, and raw states (B, 17).

        Raises:
            InvalidInputError: An observation is not usable, see `wam_demo.policies.pictures.check_observation`.
        """
        images, state = pictures_of(observations, self.cameras), states_of(observations)
        text = torch.from_numpy(self._text.embed([observation.instruction for observation in observations]))
        poses = torch.from_numpy(np.stack([flat_poses(observation) for observation in observations]))
        views = Views.flat(poses.unflatten(1, (-1, POSE_DIM))).or_else(Views.calibrated(self.calibration, state))
        latents = self.tokenizer.encode(to_tensor(images.flatten(0, 1)).to(self.dtype))
        return self.model.observe(latents.unflatten(0, images.shape[:2]), text, state, views), state

    def noise(self, seeds: Sequence[int]) -> Tensor:
        """Standard normal, shaped as the latents of ``len(seeds)`` actions, row by row from its own seed."""
        shape = self.model.config.action_shape
        return torch.stack([torch.randn(shape, generator=_generator(seed)) for seed in seeds])

    def imagine_stages(
        self,
        observations: Sequence[Observation],
        *,
        samples: int = 1,
        seed: int = 0,
        chunks: Sequence[ActionChunk] | None = None,
    ) -> Iterator[list[list[Mapping[str, Image]]] | None]:
        """As `imagine`, yielding ``None`` after the plan, each denoising step and each decoded moment.

        The chunk is drawn into the views and given clean; without one it is the plan of noise seed 0.
        """
        present, state = self.read(observations)
        if chunks is None:
            sampled = self.model.sample(present, Future(self.noise([0] * len(state))))
            actions, _ = actions_to(state, decode(present.canvas, self._pictures(sampled), self.model.config.sigma))
        else:
            actions = torch.from_numpy(np.stack([chunk.actions for chunk in chunks]))
        yield None
        action = self.model.draw(present.canvas, points_of(*poses_after(state, actions)), actions[..., 6])
        video = self.model.config.backbone
        shape = (video.cameras, video.horizons, video.latent_channels, video.latent_size, video.latent_size)
        noise = torch.randn(len(state) * samples, *shape, generator=_generator(seed))
        future = Future(action.repeat_interleave(samples, 0), noise)
        for stage in self.model.sample_stages(present.repeated(samples), future, action_given=True):
            future = stage
            yield None
        assert future.video is not None, "it was sampled"
        yield from decoded_stages(self.tokenizer, future.video.to(self.dtype), self.cameras, samples)

    def label_stages(self, footage: Footage, *, seed: int = 0) -> Iterator[Label | None]:
        """As `wam_demo.policies.labelling.Labeller`: the video is given clean, the action is sampled and read off."""
        present, _ = self.read([footage.observation])
        future = Future(self.noise([seed]), self._came(footage))
        yield None
        for stage in self.model.sample_stages(present, future, video_given=True):
            future = stage
            yield None
        yield self._label(present, self._pictures(future))

    def _came(self, footage: Footage) -> Tensor:
        """(1, cameras, 4, C, H, W) latents of the pictures that came."""
        moments = [replace(footage.observation, images={c: frames[k] for c, frames in footage.came.items()})
                   for k in range(self.model.config.backbone.horizons)]  # fmt: skip
        images = pictures_of(moments, self.cameras).transpose(0, 1)
        latents = self.tokenizer.encode(to_tensor(images.flatten(0, 1)).to(self.dtype))
        return latents.unflatten(0, (1, *images.shape[:2]))

    def _label(self, present: Present, drawn: Tensor) -> Label:
        config, cameras = self.model.config, len(self.cameras)
        decoded = decode(present.canvas, drawn, config.sigma)
        known = decoded.confidence[0] >= LEAST_CONFIDENCE
        position, rotation = decoded.position[0].clone(), decoded.rotation[0].clone()
        position[~known], rotation[~known] = torch.nan, torch.nan
        points = 0.5 + 0.5 * config.margin * peaks(drawn[0, :cameras], config.sigma)[0]
        points[~decoded.seen[0, :cameras]] = torch.nan
        by_camera = dict(zip(self.cameras, points.numpy(), strict=True))
        opening, confidence = decoded.opening[0].float(), decoded.confidence[0].float()
        return Label(position.numpy(), rotation.float().numpy(), opening.numpy(), confidence.numpy(), by_camera)

    def _pictures(self, sampled: Future) -> Tensor:
        """(B, views, 16, 3, size, size) in 0..1, as they were drawn."""
        drawn = self.model.pictures(sampled.action)
        if not drawn.isfinite().all():
            raise PolicyFault("the policy drew values that are not finite")
        return drawn

    def _chunk(self, actions: Tensor) -> ActionChunk:
        actions[:, 6].clamp_(0, 1)  # that of a step that was not decoded is the measured one
        if not actions.isfinite().all():
            raise PolicyFault("the policy planned values that are not finite")
        return ActionChunk(actions.numpy())

    def _attention(self, sampled: Future, row: int) -> tuple[dict[str, Vector], dict[str, float]]:
        """By camera cell, and the rest, which lies on the action's own tokens."""
        assert sampled.attention is not None, "the action was sampled"
        cells, rest = sampled.attention[row, :-1], float(sampled.attention[row, -1])
        maps = cells.view(len(self.cameras), self.model.config.backbone.grid, -1).numpy()
        return dict(zip(self.cameras, maps, strict=True)), {"action": rest}


def _generator(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(int(seed) % 2**63)
