"""A trained world action model as a policy: observations in, plans, attention and imagined futures out."""

import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from wam_demo.data.schema import POSE_DIM, flat_poses
from wam_demo.errors import CheckpointError, InvalidInputError, PolicyFault
from wam_demo.models.checkpoint import sha256_of
from wam_demo.models.geometry import Calibration, token_rays
from wam_demo.models.precision import compute_dtype
from wam_demo.models.tokenizer import PictureTokenizer, to_tensor
from wam_demo.models.wam.doubt import DoubtModel
from wam_demo.models.wam.imagination import FOLDER, ImaginationModel, MotionConditioning
from wam_demo.models.wam.model import BackboneFeatures, PlannedChunk, WorldActionModel
from wam_demo.policies.compute.variants import EAGER
from wam_demo.policies.dreaming import DreamFrame, DreamMotion
from wam_demo.policies.pictures import decoded_stages, pictures_of, states_of, tokenizer_of
from wam_demo.policies.probe import PROBE_BATCH, Probe
from wam_demo.policies.tokens import TokenGrid
from wam_demo.policies.wam.dreams import FrameMaker
from wam_demo.policies.wam.edited_plans import EditedPlans
from wam_demo.types import ActionChunk, Image, Imaginer, Observation, Prediction, Scalars


class WamPolicy(Imaginer):
    """An `Imaginer` of one checkpoint; the same weights plan and imagine.

    Args:
        checkpoint: Directory of the WAM.
        tokenizer: Directory of the tokenizer it was trained with; by default the sibling ``tokenizer``, or the shipped
            one where there is no sibling.

    Attributes:
        compute: By what it is computed, see `wam_demo.policies.compute.variants`.
        coder: Decodes what is imagined, and encodes what geometry brings over.
        imagination_sha256: Weights of the imagination model, where there is one.
        doubt: Says how far its dreams are likely to be from reality, where that was measured.

    Raises:
        CheckpointError: A file is missing or corrupt, or the tokenizer is another one.
    """

    def __init__(self, checkpoint: Path, tokenizer: Path | None = None) -> None:
        checkpoint = Path(checkpoint)
        self.compute = EAGER
        self.dtype = compute_dtype()
        self.model = WorldActionModel.from_pretrained(checkpoint).to_compute(self.dtype)
        self.tokenizer = tokenizer_of(checkpoint, self.model.config.trained, tokenizer).to(self.dtype)
        self.coder: PictureTokenizer = self.tokenizer
        self.cameras = self.model.config.cameras
        self.checkpoint_sha256 = sha256_of(checkpoint)
        self.imagination = self._read_imagination(checkpoint / FOLDER)
        self.imagination_sha256 = None if self.imagination is None else sha256_of(checkpoint / FOLDER)
        self.doubt = self._read_doubt(checkpoint / FOLDER)

    def _read_imagination(self, folder: Path) -> ImaginationModel | None:
        if not folder.is_dir():
            return None
        model = ImaginationModel.from_pretrained(folder).to(self.dtype)
        if model.config.policy_sha256 != self.checkpoint_sha256:
            raise CheckpointError(f"{folder} was trained with other weights than those beside it")
        return model

    def _read_doubt(self, folder: Path) -> DoubtModel | None:
        return None if self.imagination_sha256 is None else DoubtModel.read(folder, self.imagination_sha256)

    def reset(self, instruction: str) -> None:
        """Embed the instruction ahead of the first step; raises `InvalidInputError` if it is unusable."""
        self.model.read_instructions([instruction])

    @torch.inference_mode()
    def predict(self, observations: Sequence[Observation], seeds: Sequence[int]) -> list[Prediction]:
        """Plan for each observation.

        Args:
            observations: Any number; they are one batch.
            seeds: Noise seed of each.
        """
        began = time.perf_counter()
        observed = self.read(observations)
        read = time.perf_counter()
        plan = self.plan(observed, self.noise(seeds))
        ended = time.perf_counter()
        timing = {
            "read": 1e3 * (read - began),
            "plan": 1e3 * (ended - read),
            "policy_call": 1e3 * (ended - began),
        }
        return [self._prediction(plan, row, timing) for row in range(len(observations))]

    def read(self, observations: Sequence[Observation], samples: int = 1) -> BackboneFeatures:
        """The pass that acts, over each observation ``samples`` times."""
        return self.model.read(*(part.repeat_interleave(samples, 0) for part in self.encode(observations)))

    def plan(self, observed: BackboneFeatures, noise: Tensor) -> PlannedChunk:
        """Plan from what `read` gave and `noise`."""
        return self.model.plan(observed.features, observed.text, observed.state, noise)

    def imagine_stages(
        self,
        observations: Sequence[Observation],
        *,
        samples: int = 1,
        seed: int = 0,
        chunks: Sequence[ActionChunk] | None = None,
    ) -> Iterator[list[list[Mapping[str, Image]]] | None]:
        """As `imagine`, yielding ``None`` after each piece of work, so that plans go in between."""
        observed = self.read(observations, samples)
        latents = observed.latents
        if chunks is None:
            actions = self.plan(observed, self.noise([0] * len(latents))).actions
        else:
            actions = torch.from_numpy(np.stack([chunk.actions for chunk in chunks])).repeat_interleave(samples, 0)
        yield None
        video = self.model.config.backbone
        shape = (len(latents), video.cameras, video.horizons, *latents.shape[2:])
        future = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
        for stage in self._imagined(observed, future, actions):
            future = future if stage is None else stage
            yield None
        yield from decoded_stages(self.coder, future.to(observed.latents.dtype), self.cameras, samples)

    def _imagined(self, observed: BackboneFeatures, noise: Tensor, actions: Tensor) -> Iterator[Tensor | None]:
        """Future latents after each denoising step, ``None`` after other work; without an imagination model the
        backbone imagines."""
        if self.imagination is None:
            return self.model.imagine_stages(observed, noise, actions)
        return self.imagination.imagine_stages(self.model, self.tokenizer, observed, noise, actions)

    @property
    def calibration(self) -> Calibration | None:
        """Of the cameras, as its imagination was taught with; see `PlanFollower`."""
        return None if self.imagination is None else self.imagination.config.calibration

    @torch.inference_mode()
    def dream(self, motion: DreamMotion) -> DreamFrame:
        """The pictures after a motion; see `wam_demo.policies.dreaming.Dreamer`.

        Raises:
            InvalidInputError: These weights have no imagination model.
            PolicyFault: What was imagined is not finite.
        """
        if self.imagination is None:
            raise InvalidInputError("these weights have no imagination model to dream with")
        config = self.imagination.config
        maker = FrameMaker(self.model, self.coder, config.calibration, self._mean_frame, self.doubt, config.remembers)
        anchor = motion.anchor
        if anchor.features is None:
            read = [anchor.observation]
            encoded = self.encode(read) if anchor.latents is None else (anchor.latents, *self.inputs(read)[1:])
            anchor.features = maker.read(anchor, *encoded)
        return maker.frame_after(anchor.features, motion)

    def _mean_frame(self, observed: BackboneFeatures, conditioning: MotionConditioning) -> Tensor:
        assert self.imagination is not None, "asked of weights that imagine"
        return self.imagination.mean_frame(self.model, observed, conditioning)

    @property
    def token_grid(self) -> TokenGrid:
        """How the video tokens lie that the action head reads."""
        return TokenGrid(self.cameras, self.model.config.backbone.grid)

    def probe_stages(
        self, observation: Observation, edits: NDArray[np.int64], *, seed: int = 0, batch: int = PROBE_BATCH
    ) -> Iterator[Probe | None]:
        """Plan under edits of the video tokens; see `Prober`.

        Args:
            observation: As for `predict`.
            edits: (K, N), see `Edit`.
            seed: Noise seed, the same for all.
            batch: Edits planned between two yields.

        Yields:
            ``None`` after each batch, then the `Probe`.
        """
        began = time.perf_counter()
        edits = self.token_grid.check(edits)
        plans = EditedPlans(self.model, *self.encode([observation]), self.noise([seed])[:, :1])
        base = plans.plan(self.token_grid.keep()[None])
        prediction = self._prediction(base, 0, {"policy_call": 1e3 * (time.perf_counter() - began)})
        actions = []
        for start in range(0, len(edits), batch):
            actions.append(plans.plan(edits[start : start + batch]).actions)
            yield None
        probed = torch.cat(actions)
        if not torch.isfinite(probed).all():
            raise PolicyFault("the policy planned values that are not finite under an edit")
        yield Probe(prediction, probed.numpy(), *plans.change(probed, base.actions[0]))

    def encode(self, observations: Sequence[Observation]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Latents (B, cameras, C, H, W), then text, state and rays as `inputs` has them."""
        images, text, state, rays = self.inputs(observations)
        latents = self.tokenizer.encode(to_tensor(images.flatten(0, 1)).to(self.dtype))
        return latents.unflatten(0, images.shape[:2]), text, state, rays

    def inputs(self, observations: Sequence[Observation]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """What the network reads, as it comes; refuses what it cannot read, see `pictures_of`.

        Returns:
            Pictures (B, cameras, H, W, 3) uint8, text (B, 384), raw state (B, 17) and rays (B, cameras * tokens, 9),
            zeros where nobody calibrated.
        """
        images, state = pictures_of(observations, self.cameras), states_of(observations)
        text = self.model.read_instructions([observation.instruction for observation in observations])
        poses = torch.from_numpy(np.stack([flat_poses(observation) for observation in observations]))
        rays = token_rays(poses.unflatten(1, (-1, POSE_DIM)), state[:, :3], self.model.config.backbone.grid)
        return images, text, state, rays

    @torch.inference_mode()
    def features(self, observations: Sequence[Observation]) -> NDArray[np.float32]:
        """(blocks, B, tokens, dim) float32 of the action-conditioning pass, tokens as `token_grid` has them."""
        return torch.stack(self.model.read(*self.encode(observations)).features).float().numpy()

    def noise(self, seeds: Sequence[int]) -> Tensor:
        """(len(seeds), draws, 16, 7) standard normal, row by row from its own seed."""
        head, draws = self.model.config.head, self.model.config.draws
        rows = []
        for seed in seeds:
            generator = torch.Generator().manual_seed(int(seed) % 2**63)
            rows.append(torch.randn(draws, head.steps, head.action_dim, generator=generator))
        return torch.stack(rows)

    def _prediction(self, plan: PlannedChunk, row: int, timing: dict[str, float]) -> Prediction:
        actions = plan.actions[row].numpy()
        if not np.isfinite(actions).all():
            raise PolicyFault("the policy planned values that are not finite")
        mass = plan.attention[row].mean(0)
        maps, extra = mass[:-2].view(len(self.cameras), self.model.config.backbone.grid, -1), mass[-2:]
        return Prediction(
            chunk=ActionChunk(actions),
            attention={camera: grid.numpy() for camera, grid in zip(self.cameras, maps, strict=True)},
            attention_mass={"proprio": float(extra[0]), "text": float(extra[1])},
            panels={"Plan": Scalars({"standard deviation [m]": float(plan.std_m[row])})},
            timing_ms=timing,
        )


def digests(checkpoint: Path, tokenizer: Path | None = None) -> dict[str, str]:
    """SHA-256 of all the weights that a `WamPolicy` of these folders computes with, by name."""
    folders = {"policy": checkpoint, "tokenizer": tokenizer or checkpoint.parent / "tokenizer"}
    if (checkpoint / FOLDER).is_dir():
        folders["imagination"] = checkpoint / FOLDER
    return {name: sha256_of(folder) for name, folder in folders.items()}
